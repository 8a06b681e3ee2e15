"""How each lane stands: in the broker, in the ledger, and how long the oldest of it has waited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.broker.contract import LANES, Broker, QueueDepth, queue_of
from bridge.ledger import lanes, looking
from bridge.ledger.ledger import Ledger
from bridge.ledger.owed_back import owed_back

MICROS = 1_000_000


@dataclass(frozen=True)
class LaneState:
    """One lane.

    `depth` counts messages with the broker or on the way there, `parked` events held back for the sake of
    other installations, `owed` customers, `dead` open dead letters. `oldest_s` leaves out what waits for an
    installation in trouble, and what waits on purpose to go along with others.
    """

    lane: str
    depth: int
    parked: int
    owed: int
    dead: int
    oldest_s: float


def lane_states(ledger: Ledger, broker: Broker) -> list[LaneState]:
    """All lanes. Raises `Unavailable`."""
    queues = {one.queue: one for one in broker.depths()}
    with ledger.reading() as connection:
        since = {lane: lanes.oldest_since(connection, lane) for lane in LANES if _is_ageless(queues, lane)}
        spooled = looking.spooled(connection)
        # What is owed to a system came by the lane of the other one.
        owed = {
            "zendesk": looking.owed(connection),
            "sailthru": owed_back(connection, ledger.micros()),
        }
        dead = looking.dead_by_reason(connection)
    nothing = looking.Waiting(0, None)
    states = []
    for lane in LANES:
        of_lane = [waiting for (name, _reason), waiting in spooled.items() if name == lane]
        parked = spooled.get((lane, looking.PARKED), nothing)
        owed_here = owed.get(lane, nothing)
        queue = queues.get(f"bridge.{lane}", QueueDepth(lane, 0, None))
        states.append(
            LaneState(
                lane=lane,
                depth=queue.depth + sum(waiting.count for waiting in of_lane) - parked.count,
                parked=parked.count,
                owed=owed_here.count,
                dead=sum(count for (name, _reason), count in dead.items() if name == lane),
                oldest_s=_oldest_s(
                    queue,
                    [*of_lane, owed_here, looking.Waiting(queue.depth, since.get(lane))],
                    now=ledger.micros(),
                ),
            )
        )
    return states


def watch(ledger: Ledger, broker: Broker) -> None:
    """Note which queues are empty, where the broker tells no ages. Raises `Unavailable`."""
    depths = broker.depths()
    empty = [
        lane
        for lane in LANES
        for one in depths
        if one.queue == queue_of(lane) and one.depth == 0 and one.oldest_s is None
    ]
    if empty:
        with ledger.writing() as connection:
            lanes.note_empty(connection, empty, ledger.micros())


def _is_ageless(queues: Mapping[str, QueueDepth], lane: str) -> bool:
    queue = queues.get(queue_of(lane))
    return queue is not None and queue.depth > 0 and queue.oldest_s is None


def _oldest_s(queue: QueueDepth, waiting: list[looking.Waiting], *, now: int) -> float:
    ages = [(now - one.since) / MICROS for one in waiting if one.since is not None]
    return round(max([0.0, queue.oldest_s or 0.0, *ages]), 3)
