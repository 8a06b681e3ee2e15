"""The ledger on each of its databases, with one installation in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.ledger.ledger import Ledger
from bridge.vault import Vault
from tests.bridge.installing import KEY, add, ledger_at
from tests.bridge.remotes.still_clock import StillClock


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(database_url: str, clock: StillClock) -> Iterator[Ledger]:
    made = ledger_at(database_url, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def acme(ledger: Ledger) -> int:
    """The number of an installation."""
    return add(ledger, Vault([KEY]), "acme").id
