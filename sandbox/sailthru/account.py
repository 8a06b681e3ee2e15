"""The account's key and secret, and the points on which Sailthru's behaviour is not known: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SailthruAccount:
    """Credentials of the one account, and how it writes times."""

    api_key: str = "5ab1d7c0e3f84aa2b6d9c1e07f3a4b58"
    api_secret: str = "9f1c03d2a7b64e5f8c0d1e2f3a4b5c6d"  # noqa: S105 - the sandbox's own
    name: str = "Sandbox"
    timezone: str = "America/New_York"
    utc_offset_hours: int = -5


@dataclass(slots=True)
class SailthruOddities:
    """Switches; each may be turned while the stand-in runs.

    consistency_s: GET /user shows the state of that long ago.
    object_vars: a var that is an object replaces the old one, or is merged into it key by key.
    null_vars: null removes the var, or is stored as null.
    empty_as: how an empty map of vars or lists reads.
    smart_lists_as: the shape of smart_lists in a reply.
    errors_status: send every error with this HTTP status; None: the one that belongs to it.
    old_address: what is left at the former address after a change: nothing, or an empty profile.
    conflict_status: the HTTP status of `keysconflict: error` when the address is taken.
    """

    consistency_s: float = 0.0
    object_vars: Literal["replaced", "merged"] = "replaced"
    null_vars: Literal["unset", "kept"] = "unset"
    empty_as: Literal["object", "list", "null"] = "object"
    smart_lists_as: Literal["list", "map", "null"] = "list"
    errors_status: int | None = None
    old_address: Literal["gone", "reborn"] = "gone"
    conflict_status: int = 409
