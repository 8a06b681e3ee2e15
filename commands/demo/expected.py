"""What each Sailthru profile must hold, told from the state of the Zendesk stand-in.

Written apart from the product's own projection, so that a mistake in that one shows here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.demo.differing import Difference

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """One profile: where it is and all that it must hold. `sid` is None as long as nobody knows it."""

    address: str
    sid: str | None
    vars: Record
    lists: frozenset[str]


def expected_vars(user: Record, tickets: Iterable[Record], zendesk_url: str) -> dict[str, Any]:
    """The vars of a user, out of the stand-in's own records of users and tickets."""
    requested = [one for one in tickets if one["requester_id"] == user["id"] and one["status"] != "deleted"]
    return {
        "zendesk_profile_url": f"{zendesk_url}/agent/users/{user['id']}",
        "zendesk_tags": sorted(user["tags"]),
        "zendesk_created": _seconds(user["created_at"]),
        "zendesk_sync": user["active"],
        "zendesk_active": user["active"],
        "zendesk_id": user["id"],
        "zendesk_ticket_count": len(requested),
        "zendesk_tickets": {str(one["id"]): _ticket(one, zendesk_url) for one in requested},
    }


def differences(expected: Sequence[Expected], profiles: Iterable[Record]) -> list[Difference]:
    """All that differs between what must be and the profiles that Sailthru holds."""
    held = {one["email"]: one for one in profiles}
    wanted = {one.address for one in expected}
    found = [Difference(address, "profile", "absent", "there") for address in held if address not in wanted]
    for one in expected:
        profile = held.get(one.address)
        if profile is None:
            found.append(Difference(one.address, "profile", "there", "absent"))
        else:
            found.extend(_of_profile(one, profile))
    return found


def _of_profile(one: Expected, profile: Record) -> Iterable[Difference]:
    held = profile["vars"]
    for name in sorted({*one.vars, *held}):
        if one.vars.get(name) != held.get(name):
            yield Difference(one.address, name, one.vars.get(name), held.get(name))
    if one.lists != frozenset(profile["lists"]):
        yield Difference(one.address, "lists", sorted(one.lists), sorted(profile["lists"]))
    if one.sid is not None and one.sid != profile["sid"]:
        yield Difference(one.address, "sid", one.sid, profile["sid"])


def _ticket(ticket: Record, zendesk_url: str) -> dict[str, Any]:
    return {
        "id": ticket["id"],
        "created_at": _seconds(ticket["created_at"]),
        "updated_at": _seconds(ticket["updated_at"]),
        "status": ticket["status"],
        "subject": ticket["subject"] if ticket["is_public"] else "",
        "channel": ticket["channel"],
        "url": f"{zendesk_url}/agent/tickets/{ticket['id']}",
    }


def _seconds(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
