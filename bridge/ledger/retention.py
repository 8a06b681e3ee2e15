"""Forgets what is past its time: applied and ignored events, attempts, settled dead letters. Facts stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Table, delete, select

from bridge.clock import to_micros
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import attempts, dead_letters, events

AT_ONCE = 5_000  # rows in one transaction, so that nobody waits long for it


def forget(ledger: Ledger, keep_days: int) -> None:
    """Delete what is older than `keep_days`.

    What is still to be applied, and open dead letters, stay however old.
    """
    before = to_micros(ledger.now() - timedelta(days=keep_days))
    settled = dead_letters.c.state != "open"
    _clear(
        ledger,
        events,
        [events.c.installation_id, events.c.id],
        (events.c.kept_at < before, events.c.outcome != "kept"),
    )
    _clear(ledger, attempts, [attempts.c.id], (attempts.c.started_at < before,))
    _clear(ledger, dead_letters, [dead_letters.c.id], (dead_letters.c.last_seen < before, settled))


def _clear(ledger: Ledger, table: Table, keys: list[Column[Any]], past: tuple[Any, ...]) -> None:
    while True:
        with ledger.writing() as connection:
            old = connection.execute(select(*keys).where(*past).limit(AT_ONCE)).all()
            for row in old:
                same = [key == value for key, value in zip(keys, row, strict=True)]
                connection.execute(delete(table).where(*same))
        if len(old) < AT_ONCE:
            return
