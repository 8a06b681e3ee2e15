"""What an event's facts met when they were kept, told so that a person can see what won and why. Pure.

Facts say what stands now; this says what each event changed when it came, and is kept beside the event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from bridge.clock import to_micros
from bridge.facts import Fact, is_tie

FIRST = "first"  # nothing was known of this field
NEWER = "newer"  # it replaced an older value
SAME = "same"  # the value stood already
OLDER = "older"  # what stood is newer, and stands on
TIE_WON = "tie won"  # too close to tell; the greater id stands until a reading says
TIE_LOST = "tie lost"

MOST_KEPT = 50  # of one event
_ALWAYS_KEPT = 4  # the first parts of each: subject, field, verdict, value


class Met(NamedTuple):
    """One fact that an event stated, and what it met.

    `before` is the value that stood, `before_at` (microseconds) when that became true and `before_event`
    whose word it was; None and empty where nothing stood. Of a ticket that was known, both values hold only
    what differs.
    """

    subject: str
    field: str
    verdict: str
    value: Any
    before: Any = None
    before_at: int | None = None
    before_event: str = ""


def met(old: Fact | None, new: Fact, stands: Fact) -> Met:
    """What came of `new` when it met `old`."""
    if old is None:
        return Met(new.subject, new.field, FIRST, new.value)
    if old.value == new.value:
        return Met(new.subject, new.field, SAME, _small(new.value), None, to_micros(old.at), old.event_id)
    value, before = _differing(new.value, old.value)
    verdict = _verdict(old, new, is_standing=stands is new)
    return Met(new.subject, new.field, verdict, value, before, to_micros(old.at), old.event_id)


def _verdict(old: Fact, new: Fact, *, is_standing: bool) -> str:
    if is_tie(old, new):
        return TIE_WON if is_standing else TIE_LOST
    return NEWER if is_standing else OLDER


def _small(value: Any) -> Any:
    """A value that is worth keeping twice: not a whole ticket."""
    return None if isinstance(value, Mapping | list) else value


def _differing(value: Any, before: Any) -> tuple[Any, Any]:
    if not isinstance(value, Mapping) or not isinstance(before, Mapping):
        return value, before
    names = [name for name in value if value[name] != before.get(name)]
    return {name: value[name] for name in names}, {name: before.get(name) for name in names}


def to_record(mets: Iterable[Met]) -> list[list[Any]]:
    """As the ledger keeps them: lists, without the empty ends that most of them have."""
    return [_trimmed(one) for one in islice(mets, MOST_KEPT)]


def from_record(record: Iterable[Sequence[Any]]) -> list[Met]:
    """What `to_record` wrote."""
    return [Met(*one) for one in record]


def _trimmed(one: Met) -> list[Any]:
    kept = list(one)
    while len(kept) > _ALWAYS_KEPT and kept[-1] in (None, ""):
        kept.pop()
    return kept
