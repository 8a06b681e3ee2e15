"""GET /user: a profile as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.moments import mail_date
from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.profiles import Profile

DEFAULT_FIELDS = ("keys", "vars", "lists", "engagement", "optout_email")
FIELDS = frozenset((*DEFAULT_FIELDS, "activity", "device", "lifetime", "smart_lists", "purchases",
                    "purchase_incomplete"))  # fmt: skip
KEYS = ("sid", "cookie", "email", "extid", "sms")
ABSENT = object()


def show(profile: Profile, fields: Mapping[str, Any] | None, *, account: SailthruAccount,
         oddities: SailthruOddities) -> dict[str, Any]:  # fmt: skip
    """The reply for a profile; without `fields` the default ones. Unknown names are left out."""
    names = [name for name, wanted in fields.items() if wanted] if fields else DEFAULT_FIELDS
    shown = {name: _field(profile, name, account, oddities) for name in names if name in FIELDS}
    shown = {**shown, **_predictions(profile, shown, oddities)}
    return {name: value for name, value in shown.items() if value is not ABSENT}


def _field(profile: Profile, name: str, account: SailthruAccount, oddities: SailthruOddities) -> Any:
    match name:
        case "keys":
            keys = {key: _or_none(getattr(profile, key), oddities) for key in KEYS}
            return {key: value for key, value in keys.items() if value is not ABSENT}
        case "smart_lists":
            return _smart_lists(profile, oddities)
        case "engagement" | "optout_email":
            return _or_none(getattr(profile, name), oddities)
    shown = _written(getattr(profile, name), account)
    return _or_empty(shown, oddities) if isinstance(shown, dict) else shown


def _written(value: Any, account: SailthruAccount) -> Any:
    """Any value with its moments written as Sailthru writes them."""
    if isinstance(value, datetime):
        return mail_date(value, offset_hours=account.utc_offset_hours)
    if isinstance(value, Mapping):
        return {name: _written(entry, account) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_written(entry, account) for entry in value]
    return value


def _or_empty(entries: dict[str, Any], oddities: SailthruOddities) -> Any:
    if entries:
        return entries
    return {"object": {}, "list": [], "null": None, "absent": ABSENT}[oddities.empty_as]


def _or_none(value: Any, oddities: SailthruOddities) -> Any:
    return ABSENT if value is None and oddities.none_as == "absent" else value


def _smart_lists(profile: Profile, oddities: SailthruOddities) -> Any:
    names = list(profile.smart_lists)
    return {"list": names, "map": dict.fromkeys(names, 1), "null": None, "absent": ABSENT}[
        oddities.smart_lists_as
    ]


def _predictions(profile: Profile, shown: Mapping[str, Any], oddities: SailthruOddities) -> dict[str, Any]:
    """The predictions where the account's replies carry them; nobody can ask for them."""
    predicted = dict(profile.predictions)
    if not predicted:
        return {}
    held = shown.get("vars")
    beside = dict(held) if isinstance(held, Mapping) else {}
    carried: dict[str, dict[str, Any]] = {
        "nowhere": {},
        "top": predicted,
        "predictions": {"predictions": predicted},
        "vars": {"vars": {**beside, **predicted}} if "vars" in shown else {},
    }
    return carried[oddities.predictions_in]
