"""What a step changed, field by field, in both systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from commands.demo.cast import Cast
from commands.demo.differing import SAILTHRU, ZENDESK, Change
from commands.demo.scene import Record, Scene
from commands.demo.tour import Step


def changes(step: Step, cast: Cast, before: Scene, after: Scene) -> Iterator[Change]:
    """Of a step towards Sailthru what changed there; of the others what changed of its people in both."""
    sids = [sid for sid in {**before.profiles, **after.profiles} if _concerns(step, cast, sid)]
    for sid in sids:
        old, new = before.profiles.get(sid, {}), after.profiles.get(sid, {})
        yield from _of_profile(old, new)
    if step.reaches_zendesk:
        for name in step.about:
            yield from _of_user(cast.people[name].address, cast.people[name].id, before, after)


def _concerns(step: Step, cast: Cast, sid: str) -> bool:
    return not step.reaches_zendesk or sid in {cast.people[name].sid for name in step.about}


def _of_profile(old: Record, new: Record) -> Iterator[Change]:
    address = str(new.get("email") or old.get("email"))
    if old.get("email") != new.get("email"):
        yield Change(address, "address", old.get("email"), new.get("email"))
    if old and new:
        yield from _differing(address, SAILTHRU, _chosen(old), _chosen(new))
    yield from _differing(address, SAILTHRU, old.get("vars", {}), new.get("vars", {}))


def _chosen(profile: Record) -> dict[str, Any]:
    """What people chose themselves."""
    return {"opt-out": profile["optout_email"], "lists": sorted(profile["lists"])}


def _of_user(address: str, user_id: int, before: Scene, after: Scene) -> Iterator[Change]:
    old, new = before.users.get(user_id, {}), after.users[user_id]
    yield from _differing(address, ZENDESK, old.get("user_fields", {}), new["user_fields"])
    yield from _differing(address, ZENDESK, {"tags": old.get("tags", [])}, {"tags": new["tags"]})
    for ticket in after.tickets_of(user_id):
        earlier = before.tickets.get(ticket["id"], {}).get("tags", [])
        name = f"tags of {ticket['id']}"
        yield from _differing(address, ZENDESK, {name: earlier}, {name: ticket["tags"]})


def _differing(address: str, system: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change(address, name, old.get(name), new.get(name), system)
