"""Installations and the tables' revisions, over both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from bridge.errors import BadSettings
from bridge.ledger import installations, migrating, revision
from bridge.ledger.engine import open_engine
from bridge.ledger.installations import SameAccount
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import installations as table
from bridge.ledger.tables import metadata
from bridge.vault import Vault
from tests.bridge.installing import KEY, accounts, acme, add
from tests.bridge.remotes.still_clock import StillClock

OLD_KEY = "an-older-key-for-tests-9876543210-fedcba"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def empty_ledger(empty_url: str) -> Iterator[Ledger]:
    ledger = Ledger(open_engine(empty_url), StillClock())
    yield ledger
    ledger.engine.dispose()


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    migrating.upgrade(empty_ledger.engine)
    return empty_ledger


@pytest.fixture
def vault() -> Vault:
    return Vault([KEY])


def test_the_revisions_make_exactly_the_tables(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        # Of SQLite the comparison of defaults reports empty texts that do not differ.
        opts = {"compare_server_default": not ledger.is_sqlite}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
        indexes = {
            index["name"]: index.get("dialect_options", {})
            for name in metadata.tables
            for index in inspect(connection).get_indexes(name)
        }
    for index in [index for one in metadata.tables.values() for index in one.indexes]:
        wanted = index.dialect_options[ledger.engine.dialect.name]["where"]
        assert any("where" in key for key in indexes[index.name]) == (wanted is not None), index.name


def test_a_ledger_without_tables_is_told_what_to_run(empty_ledger: Ledger) -> None:
    assert not migrating.is_current(empty_ledger.engine)
    with pytest.raises(BadSettings, match="run: bridge migrate"):
        revision.require_current(empty_ledger)
    migrating.upgrade(empty_ledger.engine)
    assert migrating.is_current(empty_ledger.engine)
    revision.require_current(empty_ledger)


def test_every_process_knows_the_newest_revision_without_alembic() -> None:
    assert migrating.newest() == revision.NEWEST


def test_a_ledger_of_another_revision_is_told_so(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(BadSettings, match="revision 0000"):
        revision.require_current(ledger)


def test_two_upgrades_at_once_are_safe(empty_url: str) -> None:
    faults: list[BaseException] = []
    together = threading.Barrier(3)

    def upgrade() -> None:
        engine = open_engine(empty_url)
        together.wait()
        try:
            migrating.upgrade(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            faults.append(error)
        engine.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_upgrading_again_loses_nothing(ledger: Ledger, vault: Vault) -> None:
    kept = add(ledger, vault, "acme")
    migrating.upgrade(ledger.engine)
    with ledger.reading() as connection:
        assert installations.every(connection, vault) == [kept]


def test_an_installation_comes_back_as_it_was_kept(ledger: Ledger, vault: Vault) -> None:
    kept = add(ledger, vault, "acme", acme(predictions=["pv_30"], zendesk_share=0.25))
    with ledger.reading() as connection:
        assert installations.by_name(connection, vault, name="acme") == kept
        assert installations.by_name(connection, vault, name="other") is None


def test_no_secret_can_be_read_in_the_tables(ledger: Ledger, vault: Vault) -> None:
    add(ledger, vault, "acme")
    with ledger.reading() as connection:
        row = connection.execute(table.select()).one()
    everything = json.dumps(row._asdict(), default=str)
    for secret in ("the-oauth-secret", "the-hook-secret", "the-api-secret"):
        assert secret not in everything


@pytest.mark.parametrize("name", ["", "Acme", "-acme", "a_b", "a/b", "a" * 64, "acme\n", "ä"])
def test_a_name_that_cannot_be_one_is_refused(name: str, ledger: Ledger, vault: Vault) -> None:
    with pytest.raises(BadSettings, match="no name"):
        add(ledger, vault, name)


def test_a_taken_name_is_refused(ledger: Ledger, vault: Vault) -> None:
    add(ledger, vault, "acme")
    with pytest.raises(BadSettings, match="installations set acme"):
        add(ledger, vault, "acme")


def test_every_change_makes_a_newer_version_though_the_clock_stands_still(
    ledger: Ledger, vault: Vault
) -> None:
    kept = add(ledger, vault, "acme")
    seen = []
    for tickets in (1, 2):
        with ledger.writing() as connection:
            installations.replace(
                connection, vault, id=kept.id, settings=acme(tickets_kept=tickets), at=ledger.now()
            )
            seen.append(installations.versions(connection)[kept.id])
    assert seen[0] < seen[1]
    with ledger.reading() as connection:
        found = installations.by_name(connection, vault, name="acme")
    assert found is not None
    assert (found.id, found.settings.options.tickets_kept) == (kept.id, 2)


def test_removing_forgets_the_secrets_at_once_and_frees_the_name(ledger: Ledger, vault: Vault) -> None:
    kept = add(ledger, vault, "acme")
    with ledger.writing() as connection:
        installations.remove(connection, kept.id, at=ledger.now())
        installations.remove(connection, kept.id, at=ledger.now())
    with ledger.reading() as connection:
        assert installations.every(connection, vault) == []
        row = connection.execute(table.select()).one()
    assert (row.secrets, row.removed_at is None) == ("", False)
    assert add(ledger, vault, "acme").id != kept.id


def test_the_same_account_twice_is_noticed(ledger: Ledger, vault: Vault) -> None:
    first = add(ledger, vault, "first")
    half = accounts(zendesk_url="https://ACME.zendesk.com/", api_key="another-key")
    other = accounts(zendesk_url="https://other.zendesk.com", api_key="third-key")
    add(ledger, vault, "other", other)
    with ledger.reading() as connection:
        assert installations.same_accounts(connection, half) == [SameAccount("first", "zendesk")]
        assert installations.same_accounts(connection, acme()) == [
            SameAccount("first", "zendesk"),
            SameAccount("first", "sailthru"),
        ]
        assert installations.same_accounts(connection, acme(), besides=[first.id]) == []


def test_a_rotation_seals_what_is_old_and_leaves_the_rest(ledger: Ledger) -> None:
    old, both, new = Vault([OLD_KEY]), Vault([KEY, OLD_KEY]), Vault([KEY])
    kept = add(ledger, old, "acme")
    add(ledger, new, "other", accounts(zendesk_url="https://other.zendesk.com", api_key="other"))
    with ledger.writing() as connection:
        assert installations.rewrap(connection, both) == 1
        assert installations.rewrap(connection, both) == 0
    with ledger.reading() as connection:
        assert installations.by_name(connection, new, name="acme") == kept


def test_a_rotation_without_the_old_key_changes_nothing(ledger: Ledger, vault: Vault) -> None:
    kept = add(ledger, Vault([OLD_KEY]), "acme")
    with pytest.raises(BadSettings, match="SECRET_KEY"), ledger.writing() as connection:
        installations.rewrap(connection, vault)
    with ledger.reading() as connection:
        assert installations.opened(connection, vault, ids=[kept.id]) == {kept.id: None}
        assert installations.opened(connection, Vault([OLD_KEY]), ids=[kept.id]) == {kept.id: kept}
