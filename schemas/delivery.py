"""What the bodies of all hooks have in common: how JSON is read, and what is kept of one that cannot be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from schemas.errors import Unreadable
from schemas.event import Event
from schemas.spelling import shown

# A vendor's clock may be ahead by this much, in seconds; what claims to be later happened when it arrived.
AHEAD_S = 300
KEPT_OF_A_BODY = 16 * 1024
# The last part of a hook's address -> what its events name as their source.
SOURCES = {"zendesk/events": "webhook", "zendesk/triggers": "trigger", "sailthru/postbacks": "postback"}


@dataclass(frozen=True)
class Read:
    """What one delivery was read as: the events in it, and how many that we have no use for."""

    events: tuple[Event, ...]
    ignored: int


@dataclass(frozen=True)
class Arrival:
    """A verified delivery as it came: what is kept of it when its body cannot be read.

    `hook` is the last part of the address it came to, `zendesk/events` for instance.
    """

    installation: str
    hook: str
    body: bytes
    content_type: str
    received_at: datetime


class Spelled(fields.Field[Any]):
    """A field that one function of `schemas.spelling` reads, null and absence included."""

    def __init__(self, spell: Any, **options: Any) -> None:
        super().__init__(**options)
        self.spell = spell

    def _deserialize(self, value: Any, *_where: Any, **_options: Any) -> Any:
        return self.spell(value)


class Flat(Schema):
    """A schema whose fields are all `Spelled`: whatever else a record holds is left out.

    `Schema.load` knows of nesting, of partial and of many records; every delivery would pay for what none of
    ours has, more than all reading costs. So a record is read here, in one go.
    """

    class Meta:
        unknown = EXCLUDE

    def __init__(self) -> None:
        super().__init__()
        self._readers = tuple(
            (name, one.data_key or name, one.spell)
            for name, one in self.load_fields.items()
            if isinstance(one, Spelled)
        )

    def read(self, record: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """What the record says, by the names of the fields; all its faults become one `Unreadable`."""
        result, faults = {}, {}
        for name, key, spell in self._readers:
            try:
                result[name] = spell(record.get(key))
            except Unreadable as error:
                faults[key] = error.fault
        if faults:
            raise Unreadable(" ".join(f"{where}{key}: {faults[key]}" for key in sorted(faults)))
        return result


def needed_id(spell: Any) -> Any:
    """A reader of ids that does not take none for an answer."""

    def spell_needed(value: Any) -> Any:
        known = spell(value)
        if known is None:
            raise Unreadable("The id is missing.")
        return known

    return spell_needed


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; raises `Unreadable` with a sentence for everything else."""
    if not body.strip():
        raise Unreadable("The body is empty.")
    try:
        record = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    except ValueError as error:
        raise Unreadable(f"The body is not JSON: {_place(error)}.") from None
    if not isinstance(record, dict):
        raise Unreadable(f"The body is JSON, but no object: {shown(record)}.")
    return record


def not_ahead(time: datetime, received_at: datetime) -> datetime:
    """A vendor's time, or the arrival when it lies too far ahead of that."""
    return time if time - received_at <= timedelta(seconds=AHEAD_S) else received_at


def unreadable_event(error: Unreadable, arrival: Arrival, *, id: str) -> Event:  # noqa: A002 - the event's word
    """The event by which a signed body that nobody can read reaches the dead letters."""
    return Event(
        id=id,
        installation=arrival.installation,
        lane=arrival.hook.partition("/")[0],
        type="unreadable",
        subject="",
        source=SOURCES[arrival.hook],
        occurred_at=arrival.received_at,
        received_at=arrival.received_at,
        data={
            "fault": error.fault,
            "hint": error.hint,
            "hook": arrival.hook,
            "body": printable(arrival.body),
            "content_type": printable(arrival.content_type.encode("utf-8", "replace"))[:200],
        },
    )


def printable(body: bytes) -> str:
    """A body as a text that every ledger stores and every terminal shows: escaped, and cut to 16 KiB."""
    text = body[:KEPT_OF_A_BODY].decode("utf-8", "backslashreplace")
    escaped = "".join(mark if mark.isprintable() or mark in "\n\t" else _escaped(mark) for mark in text)
    return escaped.encode()[:KEPT_OF_A_BODY].decode("utf-8", "ignore")


def _escaped(mark: str) -> str:
    return mark.encode("unicode_escape").decode("ascii")


def _place(error: ValueError) -> str:
    # Only the parser's own words and the place: the text around it may be anybody's.
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it holds a number of thousands of digits"
