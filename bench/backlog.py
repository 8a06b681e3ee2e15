"""A ledger as it is in the middle of a bad night: a large backlog, and many dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table

from bridge.fingerprint import fingerprint
from bridge.ledger import directions, installations, tables
from bridge.ledger.directions import DOWN, Direction
from bridge.ledger.ledger import Ledger
from bridge.vault import Vault
from schemas.event import Event
from schemas.installation import InstallationSettings, SailthruAccount, ZendeskAccount
from schemas.zendesk_events import read_delivery
from tests.payloads import payload

ACCOUNTS = ("acme", "brightside", "cumulus")
CUSTOMERS = 20_000
AT_ONCE = 5_000
SECOND = 1_000_000
TYPES = ("ticket.status_changed", "user.tags_changed")
REASONS = (
    ("email_conflict", "sailthru refused: email_conflict (99 the address is taken)"),
    ("bad_request", "sailthru refused: bad_request (vars too large)"),
    ("consent_changed", "the state that the agent saw has changed"),
    ("unreadable", "not JSON"),
)


@dataclass(frozen=True)
class Backlog:
    """How much there is of it."""

    events: int
    dead: int


def fill(ledger: Ledger, vault: Vault, backlog: Backlog) -> None:
    """Write it all; as many attempts as dead letters, and one installation whose Sailthru is down."""
    now = ledger.micros()
    _add_accounts(ledger, vault)
    for table, rows in (
        (tables.customers, _customers(now)),
        (tables.events, _events(backlog.events, now)),
        (tables.attempts, _attempts(backlog.dead, now)),
        (tables.dead_letters, _letters(backlog.dead, now)),
    ):
        _write(ledger, table, rows)
    with ledger.writing() as connection:
        trouble = Direction(1, "sailthru", DOWN, "timeout", now - 1_800 * SECOND, 50, now)
        directions.put(connection, trouble)
    if not ledger.is_sqlite:
        with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # as autovacuum does within a minute


def _add_accounts(ledger: Ledger, vault: Vault) -> None:
    for number, name in enumerate(ACCOUNTS):
        settings = InstallationSettings(
            ZendeskAccount(f"http://127.0.0.1:{number + 1}", "client", "secret"),
            SailthruAccount("http://127.0.0.1:9", f"key-{number}", "secret"),
        )
        with ledger.writing() as connection:
            installations.add(connection, vault, name=name, settings=settings, at=datetime.now(UTC))


def _write(ledger: Ledger, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while page := list(islice(rows, AT_ONCE)):
        with ledger.writing() as connection:
            connection.execute(table.insert(), page)


def _account(number: int) -> int:
    """Most of it is the first installation's."""
    return 1 if number % 10 else 1 + number // 10 % len(ACCOUNTS)


def _customers(now: int) -> Iterator[dict[str, Any]]:
    for number in range(CUSTOMERS):
        for account in range(1, 1 + len(ACCOUNTS)):
            yield {
                "installation_id": account,
                "zendesk_id": number,
                "address": f"c{number}@example.com",
                "sid": f"s{account}-{number}",
                "state": "ok",
                "read_at": now,
                "seen_at": now,
                "wanted": 2,
                "paid": 1,
                "owed": account == 1,
                "owed_at": now - 600 * SECOND if account == 1 else None,
                "due_at": now if account == 1 else None,
            }


def _events(many: int, now: int) -> Iterator[dict[str, Any]]:
    said = [_said(kind) for kind in TYPES]
    data = [json.dumps(one.data) for one in said]
    for number in range(many):
        at = now - (many - number) * 18_000
        yield {
            "installation_id": _account(number),
            "id": f"event-{number}",
            "lane": "sailthru" if number % 4 == 3 else "zendesk",
            "type": TYPES[number % 2],
            "subject": said[number % 2].subject,
            "source": "webhook",
            "zendesk_id": number % CUSTOMERS,
            "version": 2,
            "occurred_at": at,
            "received_at": at,
            "kept_at": at,
            "outcome": "kept",
            "data": data[number % 2],
        }


def _said(kind: str) -> Event:
    """What Zendesk says in a delivery of that type."""
    read = read_delivery(payload(kind).body, installation=ACCOUNTS[0], received_at=datetime.now(UTC))
    return read.events[0]


def _attempts(many: int, now: int) -> Iterator[dict[str, Any]]:
    for number in range(many):
        at = now - number * 10_000
        yield {
            "installation_id": _account(number),
            "zendesk_id": number % CUSTOMERS,
            "lease": number,
            "system": "sailthru",
            "action": "write",
            "fields": '["vars"]',
            "started_at": at,
            "finished_at": at + 90_000,
            "outcome": "refused" if number % 2 else "confirmed",
            "error": REASONS[number % 4][1] if number % 2 else "",
        }


def _letters(many: int, now: int) -> Iterator[dict[str, Any]]:
    for number in range(many):
        reason, error = REASONS[number % len(REASONS)]
        yield {
            "installation_id": _account(number),
            "lane": "sailthru" if number % 3 == 0 else "zendesk",
            "type": TYPES[number % 2],
            "event_id": f"event-{number}",
            "zendesk_id": number % CUSTOMERS,
            "reason": reason,
            "error": error,
            "attempts": 1 + number % 5,
            "first_seen": now - number * SECOND,
            "last_seen": now - number * SECOND // 2,
            "state": "open",
            "system": "sailthru",
            "fingerprint": fingerprint(reason, "sailthru", error),
        }
