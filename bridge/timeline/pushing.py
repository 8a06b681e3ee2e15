"""Push now: what a customer's systems should hold is written once more, whatever they are thought to hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from bridge.clock import iso_of
from bridge.customer import EMAIL, OK, Customer
from bridge.ledger import actions, customers, letters, zendesk_users
from bridge.ledger.customers import Mark
from bridge.ledger.ledger import Ledger
from bridge.ledger.letters import DeadFilter
from bridge.timeline.happenings import target_of
from bridge.zendesk_user import REFUSED, ZendeskUser

PUSHED = "customer_pushed"
MOST_LETTERS = 20  # one is open for each reason


@dataclass(frozen=True)
class Progress:
    """How a push stands. `is_over` when it was paid, or when nobody can pay it as it is."""

    is_over: bool
    is_paid: bool
    words: str


def would_send(record: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What a push now sends to each system, by a customer's record: all that it should hold."""
    zendesk = record["zendesk"]
    fields = zendesk["fields"] if zendesk and not zendesk["not_written"] else []
    return {
        "sailthru": [_sent(one) for one in record["sailthru"] if _is_sent(one)],
        "zendesk": [_sent(one) for one in fields],
    }


def _is_sent(row: Mapping[str, Any]) -> bool:
    # The address goes along only where it is owed: writing it anew could meet another profile.
    return bool(row["field"] != EMAIL or row["holds"] != "yes")


def _sent(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"field": row["field"], "value": row["should_hold"], "thought_to_be_held": row["holds"]}


def push_now(ledger: Ledger, installation_id: int, zendesk_id: int, *, operator: str, via: str) -> int:
    """Owe both systems everything, at once; the moment (microseconds) from which on to look for attempts."""
    with ledger.writing() as connection:
        now = ledger.micros()
        key = (connection, installation_id)
        for customer in customers.locked(*key, [zendesk_id]).values():
            customers.save(connection, [_doubted(customer)])
            customers.mark_owed(*key, [Mark(zendesk_id, customer.address)], now)
        for user in zendesk_users.locked(*key, [zendesk_id]).values():
            zendesk_users.save(connection, [_doubted_user(user)])
            zendesk_users.mark_owed(*key, [zendesk_users.Mark(zendesk_id, now)], now)
        actions.note(
            connection,
            now,
            operator=operator,
            action=PUSHED,
            target=target_of(zendesk_id),
            installation_id=installation_id,
            via=via,
        )
    return now


def _doubted(customer: Customer) -> Customer:
    keys: dict[str, tuple[str, ...]] = {name: () for name in customer.known if name != EMAIL}
    link = replace(customer.link, conflict=None)
    if customer.sid is None:
        link = replace(link, tried=(), looked_at=0, is_taken=False)  # its profile is looked for anew
    return customer.but(
        known=customer.doubting(keys), link=link, failures=0, failing_since=None, not_before=0
    )


def _doubted_user(user: ZendeskUser) -> ZendeskUser:
    doubted = user.doubting(_written(user.known))
    kept = {name: one for name, one in doubted.items() if name != REFUSED}
    return replace(user, known=kept, failures=0, failing_since=None)


def _written(known: Iterable[str]) -> list[str]:
    return [name for name in known if name != REFUSED and "/" not in name]


def progress(connection: Connection, installation_id: int, zendesk_id: int, since: int) -> Progress:
    """How the push of the moment `since` (microseconds) stands."""
    customer = customers.one(connection, installation_id, zendesk_id)
    if customer is None:
        return Progress(is_over=True, is_paid=False, words="The customer is gone.")
    its_own = DeadFilter(installation_id=installation_id, zendesk_id=zendesk_id)
    found = letters.some(connection, its_own, limit=MOST_LETTERS)
    if any(letter.last_seen >= since for letter in found):
        return Progress(is_over=True, is_paid=False, words="It ended as a dead letter; see below.")
    user = zendesk_users.one(connection, installation_id, zendesk_id)
    if customer.paid >= customer.wanted and (user is None or user.paid >= user.wanted):
        state = customer.state.replace("_", " ")
        return Progress(is_over=True, is_paid=customer.state == OK, words=f"Done; the customer is {state}.")
    return Progress(is_over=False, is_paid=False, words=_waiting(customer, user, since))


def _waiting(customer: Customer, user: ZendeskUser | None, since: int) -> str:
    is_first = user is None or customer.paid < customer.wanted
    owing, row = ("Sailthru", customer) if is_first or user is None else ("Zendesk", user)
    if row.failures:
        return f"{owing} failed {row.failures} times; next try {iso_of(row.due_at)}."
    return f"{owing} is owed since {iso_of(row.owed_at or since)}; due {iso_of(row.due_at)}."
