"""The body of a Zendesk trigger webhook: a hint that a ticket changed.

The body is a template that somebody keeps in Zendesk's pages; nobody says how its placeholders are escaped.
So it holds ids and enumerations only, and nothing in it is believed but which ticket to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from schemas import spelling
from schemas.delivery import Flat, Read, Spelled, json_object, needed_id, not_ahead
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.trial import read_trial


def read_trigger(body: bytes, *, installation: str, received_at: datetime, new_id: Callable[[], str]) -> Read:
    """Read the body of one delivery to `/hooks/<installation>/zendesk/triggers`.

    A hint has no id of its own, so it gets one from `new_id`. Its data is
    `{"ticket_id": int, "requester_id": int|None, "updated_at": iso|None}`. Raises `Unreadable`.
    """
    record = json_object(body)
    if "ticket_id" not in record:
        trial = read_trial(record, installation=installation, received_at=received_at, source="trigger")
        if trial is None:
            raise _no_trigger(record, installation)
        return Read(events=(trial,), ignored=0)
    hint = _TRIGGER.read(record)
    event = Event(
        id=new_id(),
        installation=installation,
        lane="zendesk",
        type="trigger",
        subject=f"ticket:{hint['ticket_id']}",
        source="trigger",
        occurred_at=_occurred_at(hint["updated_at"], received_at),
        received_at=received_at,
        data=hint,
    )
    return Read(events=(event,), ignored=0)


def _occurred_at(updated_at: str | None, received_at: datetime) -> datetime:
    return not_ahead(spelling.moment(updated_at), received_at) if updated_at else received_at


def _no_trigger(record: Mapping[str, Any], installation: str) -> Unreadable:
    if "type" in record and "detail" in record:
        return Unreadable(
            "This is an event, not the body of a trigger.",
            f"Let the event webhook call /hooks/{installation}/zendesk/events.",
        )
    return Unreadable(
        "The trigger names no ticket_id.",
        'Its body must hold "ticket_id": "{{ticket.id}}"; `bridge setup` writes such a trigger.',
    )


def _believable_time(value: Any) -> str | None:
    # A time in a form that we do not know costs one reading more, and is no reason to lose the hint.
    with suppress(Unreadable):
        return spelling.iso_time(value)
    return None


class _Trigger(Flat):
    ticket_id = Spelled(needed_id(spelling.zendesk_id))
    requester_id = Spelled(spelling.zendesk_id)
    updated_at = Spelled(_believable_time)


_TRIGGER = _Trigger()
