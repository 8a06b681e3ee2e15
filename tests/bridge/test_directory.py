from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge.directory import Directory
from bridge.errors import Unavailable
from bridge.ledger import installations
from bridge.ledger.ledger import Ledger
from bridge.vault import Vault
from tests.bridge.installing import KEY, acme, add, sqlite_ledger
from tests.bridge.remotes.still_clock import StillClock


class CutLedger(Ledger):
    """A ledger that can be cut off, and counts how often it is read."""

    is_cut = False
    readings = 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.readings += 1
        if self.is_cut:
            raise Unavailable("ledger", "cut off by the test")
        with super().reading() as connection:
            yield connection


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: StillClock) -> Iterator[CutLedger]:
    made = CutLedger(sqlite_ledger(tmp_path, clock).engine, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def vault() -> Vault:
    return Vault([KEY])


@pytest.fixture
def directory(ledger: CutLedger, vault: Vault) -> Directory:
    return Directory(ledger, vault)


def test_an_installation_is_found_by_name_and_by_id(
    directory: Directory, ledger: Ledger, vault: Vault
) -> None:
    kept = add(ledger, vault, "acme")
    assert directory.get("acme") == directory.by_id(kept.id) == kept
    assert directory.all() == [kept]
    assert directory.get("other") is None
    assert directory.by_id(99) is None


def test_a_change_is_seen_within_five_seconds(
    directory: Directory, ledger: Ledger, vault: Vault, clock: StillClock
) -> None:
    kept = add(ledger, vault, "acme")
    directory.get("acme")
    with ledger.writing() as connection:
        installations.replace(connection, vault, id=kept.id, settings=acme(tickets_kept=7), at=ledger.now())
    clock.move(5)
    found = directory.get("acme")
    assert found is not None
    assert found.settings.options.tickets_kept == 7


def test_a_removed_one_is_gone_and_its_name_can_be_used_again(
    directory: Directory, ledger: Ledger, vault: Vault, clock: StillClock
) -> None:
    kept = add(ledger, vault, "acme")
    directory.get("acme")
    with ledger.writing() as connection:
        installations.remove(connection, kept.id, at=ledger.now())
    clock.move(5)
    assert directory.get("acme") is None
    again = add(ledger, vault, "acme")
    clock.move(5)
    assert directory.get("acme") == again
    assert directory.by_id(kept.id) is None


def test_the_ledger_is_not_asked_for_every_delivery(
    directory: Directory, ledger: CutLedger, vault: Vault, clock: StillClock
) -> None:
    add(ledger, vault, "acme")
    for _ in range(100):
        directory.get("acme")
        clock.move(0.01)
    assert ledger.readings == 1


def test_before_a_no_the_ledger_is_asked_at_once(directory: Directory, ledger: Ledger, vault: Vault) -> None:
    assert directory.get("acme") is None
    kept = add(ledger, vault, "acme")
    assert directory.get("acme") is None
    assert directory.ask_now("acme") == kept
    assert directory.get("acme") == kept


def test_while_the_ledger_is_away_the_last_known_stand(
    directory: Directory, ledger: CutLedger, vault: Vault, clock: StillClock
) -> None:
    kept = add(ledger, vault, "acme")
    directory.get("acme")
    ledger.is_cut = True
    clock.move(3600)
    assert directory.get("acme") == kept
    assert directory.ask_now("acme") == kept
    assert directory.get("other") is None
    with pytest.raises(Unavailable):
        directory.ask_now("other")


def test_a_ledger_that_is_away_is_asked_once_in_a_while(
    directory: Directory, ledger: CutLedger, vault: Vault, clock: StillClock
) -> None:
    add(ledger, vault, "acme")
    directory.get("acme")
    ledger.is_cut = True
    before = ledger.readings
    clock.move(3)
    for _ in range(50):
        directory.get("acme")
    assert ledger.readings == before + 1


def test_with_nothing_ever_read_it_says_that_the_ledger_is_away(
    directory: Directory, ledger: CutLedger
) -> None:
    ledger.is_cut = True
    for ask in (directory.get, directory.ask_now):
        with pytest.raises(Unavailable):
            ask("acme")
    ledger.is_cut = False
    assert directory.get("acme") is None


def test_one_whose_secrets_do_not_open_hurts_no_other(
    ledger: Ledger, vault: Vault, clock: StillClock
) -> None:
    strange = add(ledger, Vault(["another-key-" * 4]), "strange")
    good = add(ledger, vault, "acme")
    directory = Directory(ledger, vault)
    assert directory.all() == [good]
    assert directory.get("acme") == good
    with pytest.raises(Unavailable):
        directory.get("strange")
    with pytest.raises(Unavailable):
        directory.by_id(strange.id)


def test_a_rotation_under_its_feet_leaves_a_running_process_what_it_knows(
    directory: Directory, ledger: Ledger, vault: Vault, clock: StillClock
) -> None:
    kept = add(ledger, vault, "acme")
    directory.get("acme")
    newer = Vault(["the-newest-key-" * 4, KEY])
    with ledger.writing() as connection:
        assert installations.rewrap(connection, newer) == 1
        installations.replace(connection, newer, id=kept.id, settings=acme(tickets_kept=7), at=ledger.now())
    clock.move(5)
    assert directory.get("acme") == kept


def test_many_threads_at_once_read_the_ledger_once(ledger: CutLedger, vault: Vault) -> None:
    kept = add(ledger, vault, "acme")
    directory = Directory(ledger, vault)
    together = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        together.wait()
        found.append(directory.get("acme"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [kept] * 8
    assert ledger.readings == 1
