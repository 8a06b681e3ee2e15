"""Brings the ledger's tables up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bridge.clock import SystemClock
from bridge.ledger.ledger import Ledger

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as nothing else in the database locks by it.
LOCK = 7_202_611_221


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision, in one transaction. Two at once are safe: the second waits."""
    with Ledger(engine, SystemClock()).writing() as connection:
        _lock(connection)
        command.upgrade(_config(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the tables are at the newest revision."""
    with Ledger(engine, SystemClock()).reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest()


def newest() -> str | None:
    """The newest revision there is."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _lock(connection: Connection) -> None:
    # On SQLite the transaction itself, which begins as a writer, keeps the second one waiting.
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
