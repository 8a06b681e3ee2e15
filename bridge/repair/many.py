"""Replays of many dead letters, at a rate: begun by a person, moved on by whoever holds them.

Everything that a replay has to remember is in its row, so it goes on after a crash where it stood; a letter
that was replayed just before is no longer open and not taken twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bridge.broker.contract import Publisher
from bridge.errors import BadSettings, Refused
from bridge.holder import new_holder
from bridge.ledger import actions, letters, replays
from bridge.ledger.dead import DeadLetter
from bridge.ledger.ledger import Ledger
from bridge.ledger.letters import DeadFilter
from bridge.ledger.replays import FINISHED, STOPPED, Replay
from bridge.repair.replaying import replay

PER_MINUTE = 300  # gentle: the remotes' quotas are for today's events first
MOST_PER_MINUTE = 6_000
MOST_AT_ONCE = 100  # between two looks whether somebody stopped it
HOLD_S = 30
KEPT_REFUSALS = 50
MICROS = 1_000_000


@dataclass(frozen=True)
class Beginning:
    """What a person asks for. `words` say which letters, as people write it."""

    chosen: DeadFilter
    words: str
    operator: str
    via: str = actions.COMMAND
    per_minute: int = PER_MINUTE
    takes_again: bool = False


def begin(ledger: Ledger, beginning: Beginning) -> Replay:
    """Begin a replay of the letters that are open now. Raises `BadSettings` for a rate that is none."""
    if not 1 <= beginning.per_minute <= MOST_PER_MINUTE:
        raise BadSettings([f"the rate must be 1 to {MOST_PER_MINUTE} letters a minute"])
    chosen = replace(beginning.chosen, fresh=not beginning.takes_again)
    now = ledger.micros()
    with ledger.writing() as connection:
        numbers = letters.numbers(connection, chosen)
        begun = Replay(
            beginning.operator,
            beginning.via,
            _record(chosen),
            beginning.words or "all",
            beginning.per_minute,
            total=len(numbers),
            up_to=max(numbers, default=0),
            started_at=now,
            next_at=now,
            takes_again=beginning.takes_again,
        )
        begun = replace(begun, id=replays.add(connection, begun))
        detail = {"letters": begun.words, "total": begun.total, "per_minute": begun.per_minute}
        actions.note(
            connection,
            now,
            operator=begun.operator,
            action="replay_begun",
            target=f"replay {begun.id}",
            installation_id=chosen.installation_id,
            detail=detail,
            via=begun.via,
        )
    return begun


def stop(ledger: Ledger, number: int, *, operator: str, via: str = actions.COMMAND) -> None:
    """Stop it; what was replayed stays replayed. Raises `BadSettings` when it is at its end."""
    with ledger.writing() as connection:
        if not replays.end(connection, number, STOPPED, ledger.micros(), by=operator):
            raise BadSettings([f"replay {number} is not running; see: bridge dead replays"])
        target = f"replay {number}"
        at = ledger.micros()
        actions.note(connection, at, operator=operator, action="replay_stopped", target=target, via=via)


@dataclass
class Moved:
    """What one step of a replay did: the letters replayed, and why the others were not."""

    replayed: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


@dataclass
class Replayer:
    """Moves replays on. The clock has one; a command that waits for its own replay has another."""

    ledger: Ledger
    publisher: Publisher
    holder: str = field(default_factory=new_holder)

    def step(self) -> None:
        """Move every running replay on by what its rate allows now."""
        with self.ledger.reading() as connection:
            numbers = replays.running(connection)
        for number in numbers:
            self.move_on(number)

    def move_on(self, number: int) -> Moved:
        """Move one replay on, unless somebody else holds it or it is at its end."""
        now = self.ledger.micros()
        with self.ledger.writing() as connection:
            held = replays.hold(connection, number, self.holder, now=now, until=now + HOLD_S * MICROS)
            if held is None:
                return Moved()
            wanted = _filter(held)
            some = letters.some(connection, wanted, limit=_allowed(held, now), after=held.after)
        moved = Moved()
        for letter in some:
            self._try(held, letter, moved)
        if some or held.next_at <= now:
            self._write(held, moved, some, now)
        return moved

    def _try(self, held: Replay, letter: DeadLetter, moved: Moved) -> None:
        try:
            replay(
                self.ledger,
                self.publisher,
                letter,
                operator=held.operator,
                via=held.via,
                again=held.takes_again,
                replay_id=held.id,
            )
        except Refused as error:
            moved.refused[letter.id] = error.detail or str(error)
        else:
            moved.replayed.append(letter.id)

    def _write(self, held: Replay, moved: Moved, some: Sequence[DeadLetter], now: int) -> None:
        due = max(held.next_at, now - MICROS)  # what was missed is not made up for in one go
        further = replace(
            held,
            replayed=held.replayed + len(moved.replayed),
            refused=held.refused + len(moved.refused),
            refusals=(*held.refusals, *moved.refused.items())[:KEPT_REFUSALS],
            after=some[-1].id if some else held.after,
            next_at=due + len(some) * 60 * MICROS // held.per_minute,
        )
        with self.ledger.writing() as connection:
            replays.move_on(connection, further)
            if not some:
                replays.end(connection, held.id, FINISHED, self.ledger.micros())


def _record(chosen: DeadFilter) -> dict[str, Any]:
    """The filter as JSON; lists instead of whatever collections it has."""
    return {
        name: list(value) if isinstance(value, (tuple, set, frozenset)) else value
        for name, value in asdict(chosen).items()
    }


def _filter(held: Replay) -> DeadFilter:
    record = dict(held.chosen)
    if record["customers"] is not None:
        record["customers"] = [tuple(pair) for pair in record["customers"]]
    return DeadFilter(**{**record, "up_to": held.up_to})


def _allowed(held: Replay, now: int) -> int:
    """How many letters may go now: what the rate has made due, at least one once its time has come."""
    if held.next_at > now:
        return 0
    due = (now - max(held.next_at, now - MICROS)) * held.per_minute // (60 * MICROS)
    return max(1, min(MOST_AT_ONCE, due))


def progress(ledger: Ledger, number: int) -> tuple[Replay, int] | None:
    """A replay as it stands, and how many of its letters have died again since."""
    with ledger.reading() as connection:
        found = replays.one(connection, number)
        again = letters.died_again(connection, [number])
    return None if found is None else (found, again.get(number, 0))
