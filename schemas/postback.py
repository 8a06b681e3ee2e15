"""The body of a Sailthru postback: a hint that a profile changed.

Its signature covers the values alone: neither their names nor a time. So nothing in it is believed but which
profile to read, and `Event.data` is only

    {"action": str, "email": str|None, "sid": str|None}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from schemas import spelling
from schemas.delivery import Flat, Read, Spelled
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.form import TooManyFields, form_fields

ACTIONS = ("optout", "hardbounce", "update", "verify")
# RFC 5321: 64 octets before the @, 255 after it.
LONGEST_ADDRESS = 320


def read_postback(
    body: bytes, *, installation: str, received_at: datetime, new_id: Callable[[], str]
) -> Read:
    """Read the body of one delivery to `/hooks/<installation>/sailthru/postbacks`.

    A hint has no id of its own, so it gets one from `new_id`. An action that we do not know is counted as
    ignored. Raises `Unreadable`.
    """
    fields = _fields(body)
    action = _ACTION.read(fields)["action"]
    if action is None:
        raise _no_postback(fields)
    if action not in ACTIONS:
        return Read(events=(), ignored=1)
    profile = _PROFILE.read(fields)
    if not (profile["email"] or profile["sid"]):
        raise Unreadable("The postback names no profile: neither email nor sid.")
    event = Event(
        id=new_id(),
        installation=installation,
        lane="sailthru",
        type=f"postback.{action}",
        subject="",
        source="postback",
        occurred_at=received_at,
        received_at=received_at,
        data={"action": action, **profile},
    )
    return Read(events=(event,), ignored=0)


def _fields(body: bytes) -> Mapping[str, bytes]:
    """The fields by their names. Of a name that comes twice the last stands, as in Sailthru's own PHP."""
    try:
        return {name.decode("utf-8", "replace"): value for name, value in form_fields(body)}
    except TooManyFields as error:
        raise Unreadable(str(error)) from None


def _no_postback(fields: Mapping[str, bytes]) -> Unreadable:
    if "job_id" in fields:
        return Unreadable(
            "This is the report of a Sailthru job, not a postback.",
            "Name another address in the job's postback_url.",
        )
    return Unreadable(
        "The postback names no action.",
        "Only Sailthru's postbacks for opt-out, hard bounce, update and verify belong to this address.",
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return spelling.storable(value.decode().strip()) or None
    except UnicodeDecodeError:
        raise Unreadable("The value is not UTF-8.") from None


def _action(value: Any) -> str | None:
    return spelling.word(_text(value))


def _address(value: Any) -> str | None:
    text = spelling.address(_text(value))
    if text is not None and len(text) > LONGEST_ADDRESS:
        raise Unreadable(f"The address is longer than {LONGEST_ADDRESS} characters.")
    return text


def _sid(value: Any) -> str | None:
    text = _text(value)
    return spelling.short(text) if text else None


class _Action(Flat):
    action = Spelled(_action)


class _Profile(Flat):
    email = Spelled(_address)
    sid = Spelled(_sid)


_ACTION = _Action()
_PROFILE = _Profile()
