"""The body of a Zendesk event webhook, brought to our own spelling.

`Event.data` holds, of a `user.*` event:

    {"user": {"id", "email", "role", "created_at", "updated_at"}}    and, by type,
    active_changed    {"active": bool|None}
    suspended_changed {"suspended": bool|None}
    identity_*        {"identity": {"type", "primary", "value"}|None, "previous": the same|None}
    tags_changed      {"added": [str], "removed": [str]}
    role_changed      {"role": str|None}
    merged            {"other_id": int|None}

and of a `ticket.*` event:

    {"ticket": {"id", "requester_id", "status", "subject", "channel", "created_at", "updated_at", "public"}}
    requester_changed {"previous_requester_id": int|None}

Nothing else passes the door: no comment, name, phone number or custom field of Zendesk's is kept or sent on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from schemas import spelling
from schemas.delivery import Flat, Read, Spelled, json_object, needed_id, not_ahead
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.trial import read_trial
from schemas.zendesk_types import Meaning, meaning, our_name

# RabbitMQ's message id holds 255 bytes; Zendesk's ids are UUIDs and ULIDs.
LONGEST_EVENT_ID = 200


def read_delivery(body: bytes, *, installation: str, received_at: datetime) -> Read:
    """Read the body of one delivery to `/hooks/<installation>/zendesk/events`.

    A type that we know nothing of, or do nothing with, is counted as ignored. Raises `Unreadable`.
    """
    record = json_object(body)
    written = record.get("type")
    if not isinstance(written, str) or not written:
        trial = read_trial(record, installation=installation, received_at=received_at, source="webhook")
        if trial is None:
            raise _no_event(record, installation)
        return Read(events=(trial,), ignored=0)
    if meaning(written) is Meaning.IGNORED:
        return Read(events=(), ignored=1)
    return Read(events=(_event(record, our_name(written), installation, received_at),), ignored=0)


def _no_event(record: Mapping[str, Any], installation: str) -> Unreadable:
    if "type" not in record and "ticket_id" in record:
        return Unreadable(
            "This is the body of a trigger, not an event.",
            f"Let the trigger's webhook call /hooks/{installation}/zendesk/triggers.",
        )
    return Unreadable(
        "The event names no type." if "type" not in record else "The event's type is not a text."
    )


def _event(record: Mapping[str, Any], name: str, installation: str, received_at: datetime) -> Event:
    envelope = _ENVELOPE.read(record)
    kind = name.partition(".")[0]
    detail = _DETAILS[kind].read(envelope["detail"], "detail.")
    return Event(
        id=envelope["id"],
        installation=installation,
        lane="zendesk",
        type=name,
        subject=f"{kind}:{detail['id']}",
        source="webhook",
        occurred_at=not_ahead(envelope["time"], received_at),
        received_at=received_at,
        data={kind: detail, **_change(name, envelope["event"])},
    )


def _change(name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the event says beyond the state of its subject; most types say nothing more that we keep."""
    read_change = _CHANGES.get(name)
    if read_change is None:
        return {}
    try:
        return read_change(event)
    except Unreadable as error:
        raise Unreadable(f"event: {error.fault}") from None


def _active(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"active": spelling.flag(event.get("current"))}


def _suspended(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"suspended": spelling.flag(event.get("current"))}


def _role(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": spelling.role(event.get("current"))}


def _identity_change(event: Mapping[str, Any]) -> dict[str, Any]:
    # Of a created or deleted identity one typed client reads `identity`, another `current`.
    now = event.get("identity", event.get("current"))
    return {"identity": _identity(now), "previous": _identity(event.get("previous"))}


def _identity(value: Any) -> dict[str, Any] | None:
    if value is None or value == {}:
        return None
    identity = _object(value)
    kind = spelling.word(identity.get("type"))
    return {
        "type": kind,
        "primary": spelling.flag(identity.get("primary")),
        # Telephone numbers and accounts elsewhere are no concern of ours.
        "value": spelling.address(identity.get("value")) if kind == "email" else None,
    }


def _tags(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"added": _tag_list(event.get("added")), "removed": _tag_list(event.get("removed"))}


def _tag_list(value: Any) -> list[str]:
    return spelling.tags(value.get("tags") if isinstance(value, dict) else value)


def _merged(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"other_id": spelling.zendesk_id(_object(event.get("user")).get("id"))}


def _requester(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"previous_requester_id": spelling.zendesk_id(event.get("previous"))}


_CHANGES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "user.active_changed": _active,
    "user.role_changed": _role,
    "user.suspended_changed": _suspended,
    "user.identity_changed": _identity_change,
    "user.identity_created": _identity_change,
    "user.identity_deleted": _identity_change,
    "user.tags_changed": _tags,
    "user.merged": _merged,
    "ticket.requester_changed": _requester,
}


def _event_id(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Unreadable("The event's id is missing.")
    if not (value.isascii() and value.isprintable() and len(value) <= LONGEST_EVENT_ID):
        raise Unreadable(f"{spelling.shown(value)} cannot be the id of an event.")
    return value


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{spelling.shown(value)} stands where an object belongs.")
    return value


def _channel(via: Any) -> str:
    return spelling.channel(_object(via).get("channel"))


def _public(value: Any) -> bool:
    # What is not said to be public is private: its subject must not get into mail templates.
    return spelling.flag(value) is True


class _Envelope(Flat):
    id = Spelled(_event_id)
    time = Spelled(spelling.moment)
    detail = Spelled(_object)
    event = Spelled(_object)


class _UserDetail(Flat):
    id = Spelled(needed_id(spelling.zendesk_id))
    email = Spelled(spelling.address)
    role = Spelled(spelling.role)
    created_at = Spelled(spelling.iso_time)
    updated_at = Spelled(spelling.iso_time)


class _TicketDetail(Flat):
    id = Spelled(needed_id(spelling.zendesk_id))
    requester_id = Spelled(spelling.zendesk_id)
    status = Spelled(spelling.status)
    subject = Spelled(spelling.plain_text)
    channel = Spelled(_channel, data_key="via")
    created_at = Spelled(spelling.iso_time)
    updated_at = Spelled(spelling.iso_time)
    public = Spelled(_public, data_key="is_public")

    def read(self, record: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """As any other, but nobody else reads the subject of a private ticket."""
        detail = super().read(record, where)
        return detail if detail["public"] else {**detail, "subject": ""}


# Building a schema costs a hundred times what loading does; instances hold no state between loads.
_ENVELOPE = _Envelope()
_DETAILS: dict[str, Flat] = {"user": _UserDetail(), "ticket": _TicketDetail()}
