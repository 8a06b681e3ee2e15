"""Pauses: nothing goes out of a paused lane, and everything still comes in.

Deliveries are accepted, events become facts, readings go on; what is owed waits. By lane: `zendesk` holds
what Sailthru is owed, `sailthru` what Zendesk is owed, `agent` what agents ask to be done. An installation
that is paused holds all three. Consumers look at each step, so a pause or its end is heard within a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.broker.contract import LANES
from bridge.errors import BadSettings
from bridge.ledger import actions, customers, looking, pauses, zendesk_users
from bridge.ledger.ledger import Ledger
from bridge.ledger.pauses import EVERY_LANE, EVERYBODY, Pause

LONGEST_REASON = 500


@dataclass(frozen=True)
class Paused:
    """One pause as people are told: `installation` None means all, `lane` empty all lanes of it."""

    installation: str | None
    lane: str
    since: int
    operator: str
    reason: str

    def __str__(self) -> str:
        return _words(self.lane, self.installation)


def pause(
    ledger: Ledger, lane: str, installation: str | None, *, operator: str, reason: str, via: str
) -> str:
    """Pause a lane (of one installation, or of all), or with an empty `lane` an installation; in words.

    Raises `BadSettings` for names that are none, and without a reason.
    """
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise BadSettings(["say why, so that whoever finds it paused knows when it may go on"])
    with ledger.writing() as connection:
        number = _checked(connection, lane, installation)
        pauses.put(connection, Pause(number, lane, ledger.micros(), operator, reason))
        _note(connection, ledger, "paused", number, _words(lane, installation), operator, via, reason)
    return _words(lane, installation)


def resume(ledger: Ledger, lane: str, installation: str | None, *, operator: str, via: str) -> str:
    """End that pause; in words. What failed before it is tried at once.

    Raises `BadSettings` when there is none.
    """
    with ledger.writing() as connection:
        number = _checked(connection, lane, installation)
        if not pauses.end(connection, number, [lane]):
            raise BadSettings([f"{_words(lane, installation)} is not paused; see: bridge lanes list"])
        _forgive(connection, lane, number, ledger.micros())
        _note(connection, ledger, "resumed", number, _words(lane, installation), operator, via, "")
    return _words(lane, installation)


def paused(connection: Connection) -> list[Paused]:
    """All pauses that stand, in the words of people."""
    names = looking.names(connection)
    return [
        Paused(
            names.get(one.installation_id, f"number {one.installation_id}") if one.installation_id else None,
            one.lane,
            one.since,
            one.operator,
            one.reason,
        )
        for one in pauses.standing(connection)
    ]


def _forgive(connection: Connection, lane: str, number: int, now: int) -> None:
    """A pause is nobody's failure: who failed before it has failed for no longer than it is tried again."""
    for one in [number] if number != EVERYBODY else sorted(looking.names(connection)):
        if lane in (EVERY_LANE, "zendesk"):
            customers.forgive(connection, one, now)
        if lane in (EVERY_LANE, "sailthru"):
            zendesk_users.forgive(connection, one, now)


def _checked(connection: Connection, lane: str, installation: str | None) -> int:
    """The installation's number, 0 for all."""
    if lane and lane not in LANES:
        raise BadSettings([f"there is no lane {lane}; one of {', '.join(LANES)}"])
    if installation is None:
        if not lane:
            raise BadSettings(["name a lane, an installation, or both"])
        return EVERYBODY
    numbers = {name: number for number, name in looking.names(connection).items()}
    if installation not in numbers:
        raise BadSettings([f"there is no installation named {installation}; see: bridge installations list"])
    return numbers[installation]


def _words(lane: str, installation: str | None) -> str:
    if installation is None:
        return f"the lane {lane}"
    return f"the installation {installation}" if lane == EVERY_LANE else f"the lane {lane} of {installation}"


def _note(  # noqa: PLR0913 - one parameter for each thing that is noted
    connection: Connection,
    ledger: Ledger,
    action: str,
    number: int,
    target: str,
    operator: str,
    via: str,
    reason: str,
) -> None:
    actions.note(
        connection,
        ledger.micros(),
        operator=operator,
        action=action,
        target=target,
        installation_id=number or None,
        detail={"reason": reason} if reason else {},
        via=via,
    )


def lanes_paused(standing: Sequence[Paused], lane: str) -> list[Paused]:
    """The pauses that hold something of a lane."""
    return [one for one in standing if one.lane in (EVERY_LANE, lane)]
