"""Both systems at one look, as plain records of the stand-ins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commands.demo.standin import StandIn

Record = Mapping[str, Any]

SETTLED = ("solved", "closed", "deleted")


@dataclass(frozen=True)
class Scene:
    """What both hold: users and tickets by id, profiles by sid, and how often each said 429."""

    users: Mapping[int, Record]
    tickets: Mapping[int, Record]
    profiles: Mapping[str, Record]
    refused: Mapping[str, int]

    def profile_at(self, address: str) -> Record | None:
        """The profile at an address."""
        return next((one for one in self.profiles.values() if one["email"] == address), None)

    def tickets_of(self, user_id: int) -> list[Record]:
        """The tickets that a user requested, without deleted ones."""
        mine = (one for one in self.tickets.values() if one["requester_id"] == user_id)
        return [one for one in mine if one["status"] != "deleted"]

    def has_unsolved(self, user_id: int) -> bool:
        """Whether somebody still works for this user."""
        return any(one["status"] not in SETTLED for one in self.tickets_of(user_id))


def look(zendesk: StandIn, sailthru: StandIn) -> Scene:
    """Zendesk first, then Sailthru: together they are true only while nothing moves."""
    desk, mail = zendesk.state(), sailthru.state()
    return Scene(
        users={one["id"]: one for one in desk["users"]},
        tickets={one["id"]: one for one in desk["tickets"]},
        profiles={one["sid"]: one for one in mail["profiles"]},
        refused={"Zendesk": desk["refused"], "Sailthru": mail["refused"]},
    )
