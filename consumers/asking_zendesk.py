"""Which calls to Zendesk end which waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from bridge.deciding.steps import ZENDESK
from bridge.ledger import customers
from bridge.ledger.installations import Installation
from bridge.ledger.waits import Wait
from bridge.remotes.zendesk import MOST_USERS
from consumers.answers import Asked, Question, ask_ticket, ask_tickets, ask_users
from consumers.asking import Asking
from consumers.parts import Parts

KINDS = ("ticket", "user", "tickets")


def askings(
    connection: Connection, parts: Parts, installation: Installation, due: Sequence[Wait]
) -> list[Asking]:
    """The calls that end these waits: users in batches, the rest one by one; known customers first."""
    numbers = [wait.number for wait in due if wait.kind != "ticket"]
    seen = customers.seen(connection, installation.id, numbers)
    made = [
        Asking(Asked(parts, installation, waits_of_one), question, ZENDESK, _is_sight(waits_of_one[0], seen))
        for waits_of_one, question in _questions(due, seen)
    ]
    return sorted(made, key=lambda one: one.is_sight)


def _questions(due: Sequence[Wait], seen: AbstractSet[int]) -> Iterable[tuple[tuple[Wait, ...], Question]]:
    users = [wait for wait in due if wait.kind == "user"]
    for is_sight in (False, True):
        yield from (
            (some, ask_users) for some in _batches(one for one in users if _is_sight(one, seen) == is_sight)
        )
    for wait in due:
        if wait.kind != "user":
            yield (wait,), ask_ticket if wait.kind == "ticket" else ask_tickets


def _is_sight(wait: Wait, seen: AbstractSet[int]) -> bool:
    return wait.kind != "ticket" and wait.number not in seen


def _batches(due: Iterable[Wait]) -> Iterable[tuple[Wait, ...]]:
    """As many as one call can read; those of a batch that failed together are read alone."""
    together: list[Wait] = []
    for wait in due:
        if wait.progress.get("alone"):
            yield (wait,)
        else:
            together.append(wait)
    for start in range(0, len(together), MOST_USERS):
        yield tuple(together[start : start + MOST_USERS])
