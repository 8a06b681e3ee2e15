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


def show(profile: Profile, fields: Mapping[str, Any] | None, *, account: SailthruAccount,
         oddities: SailthruOddities) -> dict[str, Any]:  # fmt: skip
    """The reply for a profile; without `fields` the default ones. Unknown names are left out."""
    names = [name for name, wanted in fields.items() if wanted] if fields else DEFAULT_FIELDS
    return {name: _field(profile, name, account, oddities) for name in names if name in FIELDS}


def _field(profile: Profile, name: str, account: SailthruAccount, oddities: SailthruOddities) -> Any:  # noqa: PLR0911 - one answer for each kind
    match name:
        case "keys":
            return {key: getattr(profile, key) for key in ("sid", "cookie", "email", "extid", "sms")}
        case "lists" | "activity":
            return _or_empty(_dates(getattr(profile, name), account), oddities)
        case "vars":
            return _or_empty(dict(profile.vars), oddities)
        case "smart_lists":
            return _smart_lists(profile, oddities)
        case "purchases":
            return [dict(purchase) for purchase in profile.purchases]
        case "purchase_incomplete":
            return []
        case "lifetime" | "device":
            return _or_empty(dict(getattr(profile, name)), oddities)
    return getattr(profile, name)


def _dates(moments: Mapping[str, datetime], account: SailthruAccount) -> dict[str, str]:
    return {name: mail_date(at, offset_hours=account.utc_offset_hours) for name, at in moments.items()}


def _or_empty(entries: dict[str, Any], oddities: SailthruOddities) -> Any:
    if entries:
        return entries
    match oddities.empty_as:
        case "list":
            return []
        case "null":
            return None
    return {}


def _smart_lists(profile: Profile, oddities: SailthruOddities) -> Any:
    match oddities.smart_lists_as:
        case "map":
            return dict.fromkeys(profile.smart_lists, 1)
        case "null":
            return None
    return list(profile.smart_lists)
