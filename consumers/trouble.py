"""Notes a system of one installation in trouble: one call at a time tries it, and nobody else waits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.ledger import customers, directions, zendesk_users
from bridge.ledger.directions import DOWN, FAILURES_TO_PAUSE, HALTED, Direction
from consumers.verdicts import PROBE_S, wait_s

MICROS = 1_000_000


@dataclass(frozen=True)
class Trouble:
    """`failures` calls failed in one way: `state` is `down` or `halted`, `reason` a code or a sentence.

    `after_s` is the wait that the remote asked for, 0 when it named none.
    """

    state: str
    reason: str
    failures: int = 1
    after_s: float = 0.0


def note(connection: Connection, installation_id: int, system: str, trouble: Trouble, now: int) -> None:
    """The trouble grows; halted, or failing for long, it is tried by one call now and then."""
    standing = directions.troubled(connection, system).get(installation_id)
    failures = trouble.failures + (standing.failures if standing else 0)
    directions.put(
        connection,
        Direction(
            installation_id,
            system,
            trouble.state,
            trouble.reason,
            since=standing.since if standing else now,
            failures=failures,
            probe_at=now + int(_pause_s(trouble, failures) * MICROS),
        ),
    )


def end(connection: Connection, installation_id: int, system: str, now: int) -> None:
    """It answers again. Nobody is blamed for the time that it was away."""
    standing = directions.troubled(connection, system).get(installation_id)
    if standing is None:
        return
    directions.clear(connection, installation_id, system)
    if standing.is_lasting(now):
        customers.forgive(connection, installation_id, now)
        zendesk_users.forgive(connection, installation_id, now)


def _pause_s(trouble: Trouble, failures: int) -> float:
    if trouble.state == HALTED:
        return PROBE_S
    if trouble.state == DOWN and failures < FAILURES_TO_PAUSE:
        return 0.0
    return min(PROBE_S, trouble.after_s or wait_s(failures - FAILURES_TO_PAUSE))
