"""What the sidebar's page asks for, read strictly: one action on one customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate, validates_schema

from schemas import spelling
from schemas.errors import Unreadable
from schemas.health import HEALTH

SET_HEALTH = "health"
SET_SYNC = "sync"
SET_OPTOUT = "optout"
LIST_REMOVE = "list_remove"
LIST_ADD = "list_add"
CREATE = "create"
MERGE = "merge"
KEEP_APART = "keep_apart"
REFRESH = "refresh"
KINDS = (SET_HEALTH, SET_SYNC, SET_OPTOUT, LIST_REMOVE, LIST_ADD, CREATE, MERGE, KEEP_APART, REFRESH)

OPTOUTS = ("none", "basic", "all")  # from the loosest to the strictest

LONGEST_NAME = 500
LONGEST_SEEN = 64 * 1024

_KEY = re.compile(r"[A-Za-z0-9_.:-]{8,100}\Z", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadAction(ValueError):
    """An action that cannot be read. `faults` names each with its place."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Asked:
    """One action as the page asked for it.

    `key` is the page's own for this click: the same key again is the same action. `seen` is the seal that
    the page was given with what it shows.
    """

    key: str
    user: int
    kind: str
    value: Any
    seen: str | None
    is_confirmed: bool


def read_asked(record: Any) -> Asked:
    """Read one action. Raises `BadAction`."""
    if not isinstance(record, Mapping):
        raise BadAction(["the body: must be a JSON object"])
    try:
        asked: Asked = _Asked().load(record)
    except ValidationError as error:
        raise BadAction(_faults(error.messages)) from None
    return asked


def _text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_NAME
        and bool(value.strip())
        and not _UNSTORABLE.search(value)
    )


# What the value of each kind may be, and how that is said.
_VALUES: dict[str, tuple[Any, str]] = {
    SET_HEALTH: (
        lambda value: value in [stored for stored, _ in HEALTH],
        "unsatisfied, neutral or satisfied",
    ),
    SET_SYNC: (lambda value: isinstance(value, bool), "true or false"),
    SET_OPTOUT: (lambda value: value in OPTOUTS, "none, basic or all"),
    LIST_REMOVE: (_text, "the name of a list"),
    LIST_ADD: (_text, "the name of a list"),
    CREATE: (lambda value: value is None, "null"),
    MERGE: (lambda value: value is None or _text(value), "null or the sid of the other profile"),
    KEEP_APART: (lambda value: value is None or _text(value), "null or the sid of the other profile"),
    REFRESH: (lambda value: value is None, "null"),
}


class _Id(fields.Field[int]):
    """A Zendesk id, as a number or a text."""

    def _deserialize(self, value: Any, *_about: Any, **_kwargs: Any) -> int:
        try:
            number = spelling.zendesk_id(value)
        except Unreadable as error:
            raise ValidationError(error.fault) from None
        if number is None:
            raise ValidationError("must be a Zendesk id")
        return number


def _is_flag(value: Any) -> None:
    if not isinstance(value, bool):
        raise ValidationError("must be true or false")


class _Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    key = fields.String(required=True, validate=validate.Regexp(_KEY))
    user = _Id(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    value = fields.Raw(load_default=None, allow_none=True)
    seen = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=LONGEST_SEEN))
    confirmed = fields.Raw(load_default=False, validate=_is_flag)

    @validates_schema
    def _fits(self, data: dict[str, Any], **_kwargs: Any) -> None:
        fits, words = _VALUES[data["kind"]]
        if not fits(data["value"]):
            raise ValidationError({"value": [f"must be {words}"]})

    @post_load
    def _asked(self, data: dict[str, Any], **_kwargs: Any) -> Asked:
        return Asked(
            key=data["key"],
            user=data["user"],
            kind=data["kind"],
            value=data["value"],
            seen=data["seen"],
            is_confirmed=data["confirmed"],
        )


def _faults(messages: Any) -> list[str]:
    found = messages if isinstance(messages, dict) else {"the body": messages}
    return [f"{place}: {' '.join(map(str, said))}" for place, said in found.items()]


@dataclass(frozen=True)
class Seen:
    """What an agent saw of a profile when acting: its opt-out, its lists, when it was read (ISO 8601)."""

    optout: str | None
    lists: tuple[str, ...]
    read_at: str | None

    def to_record(self) -> dict[str, Any]:
        return {"optout": self.optout, "lists": list(self.lists), "read_at": self.read_at}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Seen:
        """Read what `to_record` wrote."""
        return cls(record["optout"], tuple(record["lists"]), record["read_at"])


def loosens(kind: str, value: Any, seen: Seen | None) -> bool:
    """Whether the customer would get more mail than what was seen allows: only the customer may ask for that.

    Against an unknown state everything but the strictest may be looser.
    """
    if kind == LIST_ADD:
        return True
    if kind != SET_OPTOUT:
        return False
    before = seen.optout if seen is not None else None
    strictness = OPTOUTS.index(before) if before in OPTOUTS else len(OPTOUTS) - 1
    return OPTOUTS.index(value) < strictness
