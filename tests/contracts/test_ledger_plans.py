"""What is asked all the time is answered by an index of what is open, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from bridge.clock import to_micros
from bridge.ledger import customers, events, looking, waits, zendesk_users
from bridge.ledger.events import APPLIED, KEPT
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import customers as customers_table
from bridge.ledger.tables import events as events_table
from bridge.ledger.tables import waits as waits_table
from bridge.ledger.tables import zendesk_users as users_table
from tests.bridge.remotes.still_clock import NOW

T = to_micros(NOW)
MANY = 3_000
OPEN = 20

ASKED: dict[str, tuple[Callable[[Connection], object], str]] = {
    "who is due": (lambda connection: customers.claimable(connection, 1, T, limit=10), "ix_customers_owed"),
    "who is due in a backlog": (
        lambda connection: customers.claimable(connection, 1, T, limit=10, owed_before=T),
        "ix_customers_owed",
    ),
    "where somebody is due": (
        lambda connection: customers.installations_due(connection, T),
        "ix_customers_due",
    ),
    "when the next is due": (lambda connection: customers.next_due(connection, T - 1), "ix_customers_due"),
    "how much is owed": (looking.owed, "ix_customers_owed"),
    "how many are unapplied": (lambda connection: events.unapplied(connection, 1), "ix_events_unapplied"),
    "whose events are applied": (
        lambda connection: events.apply_up_to(connection, 1, 5, 1, T),
        "ix_events_unapplied",
    ),
    "whose user in Zendesk is due": (
        lambda connection: zendesk_users.claimable(connection, 1, T, limit=10),
        "ix_zendesk_users_owed",
    ),
    "who is held": (lambda connection: zendesk_users.gather(connection, 1, T), "ix_zendesk_users_owed"),
    "where Zendesk is due": (
        lambda connection: zendesk_users.installations_due(connection, T),
        "ix_zendesk_users_due",
    ),
    "when Zendesk is due next": (
        lambda connection: zendesk_users.next_due(connection, T - 1),
        "ix_zendesk_users_due",
    ),
    "whose profile is read again": (
        lambda connection: zendesk_users.due_for_refresh(connection, 1, T, limit=10),
        "ix_zendesk_users_refresh",
    ),
    "which waits are due": (
        lambda connection: waits.claim_due(connection, ("user",), NOW, hold=NOW - NOW, limit=10),
        "ix_waits_due",
    ),
}


@pytest.fixture
def full(ledger: Ledger, acme: int) -> Ledger:
    """A ledger with a few that are open among many that are not."""
    numbers = range(1, MANY + 1)
    with ledger.writing() as connection:
        connection.execute(
            customers_table.insert(),
            [
                {"installation_id": acme, "zendesk_id": n, "owed": n <= OPEN, "due_at": T, "owed_at": T}
                for n in numbers
            ],
        )
        connection.execute(
            users_table.insert(),
            [
                {
                    "installation_id": acme, "zendesk_id": n, "owed": n <= OPEN, "due_at": T, "owed_at": T,
                    "refresh_at": T if n <= OPEN else 2 * T,
                }
                for n in numbers
            ],
        )  # fmt: skip
        connection.execute(
            events_table.insert(),
            [
                {
                    "installation_id": acme, "id": f"e{n}", "lane": "zendesk", "type": "x",
                    "subject": "user:1",
                    "source": "webhook", "zendesk_id": n, "version": 1, "occurred_at": T, "received_at": T,
                    "kept_at": T, "outcome": KEPT if n <= OPEN else APPLIED, "data": "{}",
                }
                for n in numbers
            ],
        )  # fmt: skip
        connection.execute(
            waits_table.insert(),
            [
                {
                    "installation_id": acme, "subject": f"user:{n}", "since": T,
                    "kind": "user" if n <= OPEN else "resend", "due_at": T if n <= OPEN else 2 * T,
                }
                for n in numbers
            ],
        )  # fmt: skip
        connection.execute(text("ANALYZE"))
    return ledger


@contextmanager
def statements(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the connection sends meanwhile, with their values."""
    sent: list[tuple[str, Any]] = []
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.set_trace_callback(lambda statement: sent.append((statement, ())))
        yield sent
        driver.set_trace_callback(None)
        return

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        sent.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


@pytest.mark.parametrize("question", ASKED)
def test_what_is_open_is_found_without_looking_at_what_is_not(full: Ledger, question: str) -> None:
    ask, index = ASKED[question]
    with full.writing() as connection:
        with statements(connection) as sent:
            ask(connection)
        explain = "EXPLAIN QUERY PLAN " if full.is_sqlite else "EXPLAIN "
        rows = connection.exec_driver_sql(explain + sent[0][0], sent[0][1]).all()
    plan = "\n".join(str(row) for row in rows)
    assert index in plan, plan
    assert "Seq Scan on customers" not in plan
    assert "SCAN customers\n" not in plan
    assert "Seq Scan on zendesk_users" not in plan
    assert "SCAN zendesk_users\n" not in plan
