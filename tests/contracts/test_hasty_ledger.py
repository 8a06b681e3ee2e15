"""Nobody looks into the ledger for long, over both databases."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from bridge.clock import SystemClock
from bridge.ledger.hasty import HastyLedger, TookTooLong
from tests.bridge.installing import ledger_at

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def test_a_look_that_takes_too_long_is_stopped_and_the_next_one_is_not(database_url: str) -> None:
    ledger = HastyLedger(ledger_at(database_url, SystemClock()), within_s=0.2)
    began = time.monotonic()
    with pytest.raises(TookTooLong, match="longer than"), ledger.reading() as connection:
        connection.execute(text(ENDLESS[connection.dialect.name]))
    assert time.monotonic() - began < 10
    with ledger.reading() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    with ledger.writing() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    ledger.engine.dispose()
