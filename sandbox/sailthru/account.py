"""The account's key and secret, and the points on which Sailthru's behaviour is not known: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.courier import Disorder


@dataclass(frozen=True, slots=True)
class SailthruAccount:
    """Credentials of the one account, and how it writes times."""

    api_key: str = "5ab1d7c0e3f84aa2b6d9c1e07f3a4b58"
    api_secret: str = "9f1c03d2a7b64e5f8c0d1e2f3a4b5c6d"  # noqa: S105 - the sandbox's own
    name: str = "Sandbox"
    timezone: str = "America/New_York"
    utc_offset_hours: int = -5


@dataclass(slots=True)
class SailthruOddities(Disorder):
    """Switches of the postbacks' road (see `Disorder`) and of the account; each may be turned at any time.

    consistency_s: GET /user shows the state of that long ago; `lag` sets it for one profile.
    fresh_fraction: by chance, this share of the reads shows the newest state all the same.
    object_vars: a var that is an object replaces the old one, or is merged into it key by key.
    null_vars: null removes the var, is stored as null, or is taken for nothing said.
    empty_as: how an empty map of vars, lists, activity, … reads; absent: its key is missing.
    none_as: how engagement, optout_email and single keys read when there is nothing.
    smart_lists_as: the shape of smart_lists in a reply; absent: its key is missing.
    predictions_in: where a reply carries predictions, though nobody may ask for them.
    errors_status: send every error with this HTTP status; None: the one that belongs to it.
    old_address: what is left at the former address after a change: nothing, or an empty profile.
    merged_sid: the sid of a profile that was merged away is unknown, or leads to the one that stayed.
    conflict_status: the HTTP status of `keysconflict: error` when the address is taken.
    echo: writes through the API send postbacks too. ui_echo: so do a marketer's changes in Sailthru's pages.
    update_sid: `update` postbacks name the profile by its sid too.
    """

    consistency_s: float = 0.0
    fresh_fraction: float = 0.0
    object_vars: Literal["replaced", "merged"] = "replaced"
    null_vars: Literal["unset", "kept", "ignored"] = "unset"
    empty_as: Literal["object", "list", "null", "absent"] = "object"
    none_as: Literal["null", "absent"] = "null"
    smart_lists_as: Literal["list", "map", "null", "absent"] = "list"
    predictions_in: Literal["nowhere", "vars", "top", "predictions"] = "nowhere"
    errors_status: int | None = None
    old_address: Literal["gone", "reborn"] = "gone"
    merged_sid: Literal["gone", "follows"] = "gone"
    conflict_status: int = 409
    echo: bool = False
    ui_echo: bool = False
    update_sid: bool = True
