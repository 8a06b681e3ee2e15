"""What every test may ask for."""

from __future__ import annotations

pytest_plugins = [
    "tests.receiver.door",
    "tests.receiver.sidebar.desk",
    "tests.receiver.sidebar.seat",
    "tests.receiver.console.visitor",
    "tests.services.fixtures",
]
