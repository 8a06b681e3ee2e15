"""What the stories of the way back need: what Sailthru says, told to the ledger; what Zendesk got of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.clock import to_micros
from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.facts import (
    ENGAGEMENT,
    LAST_CLICK,
    LAST_OPEN,
    LAST_PAGEVIEW,
    LISTS,
    OPTOUT,
    SCORE,
    SIGNUP,
    TAGS,
    Fact,
)
from bridge.ledger import facts, zendesk_users
from bridge.ledger.zendesk_users import HOLD, Mark
from bridge.zendesk_user import ZendeskUser
from sandbox.web.calls import Call
from tests.scenarios.story import Story

TAG = HIGH_VALUE_TAG
# What a profile says of which nothing is known.
NOTHING: Mapping[str, Any] = {
    OPTOUT: "none",
    ENGAGEMENT: None,
    SCORE: None,
    LISTS: {},
    SIGNUP: None,
    LAST_OPEN: None,
    LAST_CLICK: None,
    LAST_PAGEVIEW: None,
}


def make_fields(story: Story, *but: str) -> None:
    """The account has our user fields, all `but` these."""
    for field in USER_FIELDS:
        if field.key not in but:
            story.zendesk.add_user_field(field.key, field.type)


def know(
    story: Story, number: int, *, opened: Iterable[int] = (), is_held: bool = False, **said: Any
) -> None:
    """A reading of the profile says so: kept, and Zendesk is owed it. Nobody works yet."""
    _keep(story, [number], _stated(said), tuple(opened), HOLD if is_held else 0)


def know_many(story: Story, numbers: Iterable[int], *, is_held: bool = False, **said: Any) -> None:
    """As `know`, of several customers whom nobody has met yet, and who have no tags."""
    _keep(story, list(numbers), {TAGS: [], **_stated(said)}, (), HOLD if is_held else 0)


def _stated(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**NOTHING, **{f"sailthru/{name}": value for name, value in said.items()}}


def _keep(
    story: Story, numbers: list[int], stated: Mapping[str, Any], opened: tuple[int, ...], hold: int
) -> None:
    now = story.clock.now()
    moment = to_micros(now)
    read = [
        Fact(f"user:{number}", name, value, now, "reading", "reading:1", number)
        for number in numbers
        for name, value in stated.items()
    ]
    installation_id = story.world.installation.id
    with story.world.ledger.writing() as connection:
        facts.store(connection, installation_id, read)
        zendesk_users.add(connection, installation_id, dict.fromkeys(numbers, moment + HOLD))
        marks = [Mark(number, moment + hold, opened) for number in numbers]
        zendesk_users.mark_owed(connection, installation_id, marks, moment)


def row(story: Story, number: int) -> ZendeskUser:
    with story.world.ledger.reading() as connection:
        found = zendesk_users.one(connection, story.world.installation.id, number)
    assert found is not None
    return found


def fields_of(story: Story, number: int) -> dict[str, Any]:
    """What the user's fields hold in Zendesk, empty ones left out."""
    held = story.zendesk.user(number).user_fields
    return {key: value for key, value in held.items() if value is not None}


def zendesk_writes(story: Story) -> list[Call]:
    """Everything that was written to Zendesk, oldest first."""
    changing = ("PUT", "DELETE", "POST")
    return [call for call in story.zendesk.calls if call.method in changing and call.path != "/oauth/tokens"]


def written(story: Story) -> list[tuple[str, str]]:
    """Method and path of each write, the beginning that all have left out."""
    return [(call.method, call.path.removeprefix("/api/v2/")) for call in zendesk_writes(story)]
