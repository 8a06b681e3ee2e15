"""What an outcome may concern, and what follows from it. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.customer import Customer
from consumers.linking import Neighbour
from consumers.verdicts import Dead, Halt, Later


@dataclass(frozen=True)
class Around:
    """Whom an outcome may concern: the customer itself, whom the reply's profile is linked to, and those
    who share the address it shows."""

    me: Neighbour
    linked_to: Neighbour | None = None
    sharers: Sequence[Neighbour] = ()


@dataclass(frozen=True)
class Settled:
    """What follows.

    `letter` is (reason, error); `freed` the addresses that the profile left; `learned` how Sailthru treats
    objects; `closes` the reasons whose dead letters success closes; `pause_s` how long to wait before going
    on.
    """

    customer: Customer
    others: tuple[Customer, ...] = ()
    letter: tuple[str, str] | None = None
    freed: tuple[str, ...] = ()
    learned: str | None = None
    resend: tuple[str, ...] = ()
    verdict: Later | Dead | Halt | None = None
    closes: tuple[str, ...] = ()
    pause_s: float = 0.0


def going_on(customer: Customer, due_at: int) -> Customer:
    """After an answer the next step is due; the plan says whether there is one."""
    return customer.but(owed=True, due_at=due_at, not_before=0)
