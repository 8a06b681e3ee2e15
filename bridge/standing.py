"""How everything stands, at one look: lanes, systems, installations with trouble first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.broker.contract import Broker
from bridge.directory import Directory
from bridge.history import SYSTEMS
from bridge.ledger import by_installation, samples
from bridge.ledger.directions import Direction
from bridge.ledger.ledger import Ledger
from bridge.ledger.samples import MINUTE_S
from bridge.pausing import Paused, paused
from bridge.queues import LaneState, lane_states

SECOND = 1_000_000
LATEST_US = 180 * SECOND  # an older number says nothing of now
MOST_SHOWN = 50
PAUSED = "paused"
OWED_BY_LANE = {"zendesk": "sailthru", "sailthru": "zendesk", "agent": ""}

Latest = Mapping[str, float]
Owed = Mapping[str, Mapping[int, int]]  # system -> installation id -> customers


@dataclass(frozen=True)
class Lane:
    """One lane. Rates are a minute's, None while nobody counted; `drained_s` None: not in sight."""

    state: LaneState
    came: float | None
    went: float | None
    drained_s: float | None


@dataclass(frozen=True)
class Remote:
    """One system in the last minute: pushes, failed ones, and the part of a minute's quota that is left."""

    system: str
    pushes: float | None
    errors: float | None
    quota_left: float | None


@dataclass(frozen=True)
class Trouble:
    """What holds an installation up since `since` (microseconds), and how many customers wait for it.

    `part` is a system that is `down` or `halted`, or a lane that is `paused`; empty: all lanes.
    """

    part: str
    state: str
    reason: str
    since: int
    customers: int


@dataclass(frozen=True)
class Account:
    """One installation: its troubles, customers who are owed something, open dead letters."""

    name: str
    troubles: Sequence[Trouble]
    owed: int
    dead: int


@dataclass(frozen=True)
class Standing:
    """All of it, as of `at` (microseconds). `accounts` are the first of `accounts_in_all`, trouble first."""

    at: int
    lanes: Sequence[Lane]
    remotes: Sequence[Remote]
    lag_p50_s: float | None
    lag_p99_s: float | None
    accounts: Sequence[Account]
    accounts_in_all: int


def look(ledger: Ledger, broker: Broker, directory: Directory) -> Standing:
    """How it stands now. Raises `Unavailable`."""
    states = lane_states(ledger, broker)
    at = ledger.micros()
    with ledger.reading() as connection:
        series = samples.since(connection, MINUTE_S, at - LATEST_US)
        dead = by_installation.dead(connection)
        owed = {system: by_installation.owed(connection, system) for system in SYSTEMS}
        troubled = by_installation.troubled(connection)
        pauses = paused(connection)
    latest = {name: points[-1][1] for name, points in series.items()}
    names = {one.id: one.name for one in directory.all()}
    accounts = [
        Account(
            name,
            [*_troubles(troubled, number, owed), *_paused(pauses, name, _of(number, owed))],
            sum(_of(number, owed).values()),
            dead.get(number, 0),
        )
        for number, name in names.items()
    ]
    return Standing(
        at,
        lanes=[lane(state, latest) for state in states],
        remotes=[_remote(system, latest) for system in SYSTEMS],
        lag_p50_s=latest.get("lag.p50"),
        lag_p99_s=latest.get("lag.p99"),
        accounts=sorted(accounts, key=_worst_first)[:MOST_SHOWN],
        accounts_in_all=len(accounts),
    )


def lane(state: LaneState, latest: Latest) -> Lane:
    """A lane with the rates of the last minute. Pure."""
    came, went = latest.get(f"{state.lane}.in"), latest.get(f"{state.lane}.out")
    waiting = state.depth + state.parked + latest.get(f"{state.lane}.unapplied", 0.0)
    return Lane(state, came, went, _drained_s(waiting, came, went))


def _drained_s(waiting: float, came: float | None, went: float | None) -> float | None:
    if waiting == 0:
        return 0.0
    if came is None or went is None:
        return None
    if waiting <= went:  # no backlog: everything waits for a moment
        return waiting / went * 60
    return waiting / (went - came) * 60 if went > came else None


def _remote(system: str, latest: Latest) -> Remote:
    return Remote(
        system,
        latest.get(f"{system}.pushes"),
        latest.get(f"{system}.errors"),
        latest.get(f"{system}.quota_left"),
    )


def _troubles(troubled: Sequence[Direction], number: int, owed: Owed) -> list[Trouble]:
    return [
        Trouble(one.system, one.state, one.reason, one.since, owed[one.system].get(number, 0))
        for one in troubled
        if one.installation_id == number
    ]


def _paused(pauses: Sequence[Paused], name: str, owed: Mapping[str, int]) -> list[Trouble]:
    """The pauses of one installation; those of everybody stand above every page."""
    return [
        Trouble(one.lane, PAUSED, f"{one.operator}: {one.reason}", one.since, _held(one.lane, owed))
        for one in pauses
        if one.installation == name
    ]


def _held(lane: str, owed: Mapping[str, int]) -> int:
    """What waits while a lane is paused is owed to the system at its end."""
    return owed.get(OWED_BY_LANE[lane], 0) if lane else sum(owed.values())


def _of(number: int, owed: Owed) -> dict[str, int]:
    return {system: of.get(number, 0) for system, of in owed.items()}


def _worst_first(account: Account) -> tuple[int, int, int, int, str]:
    since = min((one.since for one in account.troubles), default=0)
    return (-len(account.troubles), since, -account.dead, -account.owed, account.name)
