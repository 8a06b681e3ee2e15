"""What every test may ask for."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = [
    "tests.receiver.door",
    "tests.receiver.sidebar.desk",
    "tests.receiver.sidebar.seat",
    "tests.receiver.console.visitor",
    "tests.services.fixtures",
]


def pytest_configure() -> None:
    """How long an example takes says how busy the machine is, and nothing about the code."""
    settings.register_profile("bridge", deadline=None)
    settings.load_profile("bridge")
