"""What Sailthru's API answers, brought to one form. Tolerant: its replies have no schema and no version.

Null, `[]` and an absent key are all "nothing"; a key nobody knows is left out; a value of the wrong type
raises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_DOCUMENTED = frozenset(
    (
        *("ok", "keys", "vars", "lists", "engagement", "optout_email", "activity", "lifetime", "device"),
        *("smart_lists", "smart-lists", "purchases", "purchase_incomplete", "predictions"),
    )
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what no ledger can store


@dataclass(frozen=True)
class Profile:
    """One Sailthru profile, as one reply showed it.

    `email` is trimmed and in lower case, ready to be compared. `lists` maps a list's name to the time of its
    sign-up, as Sailthru writes it. `optout_email` is `none`, `basic`, `all` or a word of the vendor's; it is
    None, and a map empty, when the reply did not say. `purchased` are the times of its purchases.
    `predictions` are what it holds beside the documented fields; we never ask for them. `read_at` is when
    the request was sent, on the server's clock.
    """

    sid: str | None
    email: str | None
    read_at: datetime
    vars: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, Any] = field(default_factory=dict)
    engagement: str | None = None
    optout_email: str | None = None
    activity: Mapping[str, Any] = field(default_factory=dict)
    lifetime: Mapping[str, Any] = field(default_factory=dict)
    smart_lists: tuple[str, ...] = ()
    purchased: tuple[Any, ...] = ()
    predictions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ListRecord:
    """One list of an account. `type` is `normal` or `smart`; nobody joins a smart list by hand."""

    name: str
    type: str
    primary: bool


@dataclass(frozen=True)
class AccountRecord:
    """What `GET /settings` says of an account. `timezone` is an IANA name, None when not said."""

    timezone: str | None
    features: Mapping[str, Any]


def profile(record: Mapping[str, Any], read_at: datetime) -> Profile:
    """The profile in a reply of `/user`."""
    keys = _map(record.get("keys"))
    email = _word(keys.get("email"))
    return Profile(
        sid=_word(keys.get("sid")),
        email=email.lower() if email else None,
        read_at=read_at,
        vars=_map(record.get("vars")),
        lists=_map(record.get("lists")),
        engagement=_lower(record.get("engagement")),
        optout_email=_lower(record.get("optout_email")),
        activity=_map(record.get("activity")),
        lifetime=_map(record.get("lifetime")),
        smart_lists=_names(record.get("smart_lists", record.get("smart-lists"))),
        purchased=_times(record.get("purchases")),
        predictions=_predictions(record),
    )


def _predictions(record: Mapping[str, Any]) -> Mapping[str, Any]:
    beside = {name: value for name, value in record.items() if name not in _DOCUMENTED}
    return {**beside, **_map(record.get("predictions"))}


def lists(record: Mapping[str, Any]) -> tuple[ListRecord, ...]:
    """The lists in a reply of `GET /list`, in the order of the reply."""
    found = record.get("lists")
    entries = found if isinstance(found, list) else []
    return tuple(_list(entry) for entry in entries if isinstance(entry, Mapping) and _word(entry.get("name")))


def account(record: Mapping[str, Any]) -> AccountRecord:
    """The reply of `GET /settings`."""
    return AccountRecord(timezone=_word(record.get("timezone")), features=_map(record.get("features")))


def _list(entry: Mapping[str, Any]) -> ListRecord:
    return ListRecord(
        name=entry["name"],  # to the letter: a name that differs in one space is another list
        type=_lower(entry.get("type")) or "normal",
        primary=entry.get("primary") in (1, True, "1"),
    )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, (list, dict)) else ()
    return tuple(name for name in names if isinstance(name, str))


def _times(purchases: Any) -> tuple[Any, ...]:
    entries = purchases if isinstance(purchases, list) else []
    return tuple(one.get("time") for one in entries if isinstance(one, dict))


def _word(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return _UNSTORABLE.sub("", value).strip() or None


def _lower(value: Any) -> str | None:
    text = _word(value)
    return text.lower() if text else None
