"""The plan follows from what is wanted and what is there, and from nothing else."""

from __future__ import annotations

from bridge.ledger.set_ups import MADE, REMOVED, REMOVING, SetUp
from bridge.setting_up.planning import plan
from bridge.setting_up.removing import removal
from bridge.setting_up.rotating import rotation, to_rotate
from bridge.setting_up.standing import Seen, Standing
from bridge.setting_up.wanted import Asked, kept_types, lacking, spelled, subscriptions_to_try
from schemas.installation import ZendeskAccount

BARE = Standing(Seen(), {}, ZendeskAccount("https://acme.zendesk.com"))
ASKED = Asked("acme", "https://bridge.example.com")


def actions(standing: Standing, asked: Asked = ASKED) -> list[tuple[str, str]]:
    return [(step.action, step.part) for step in plan(asked, standing)]


def test_a_webhook_is_switched_on_last() -> None:
    assert [action for action, _ in actions(BARE)] == ["make", "keep_secret", "switch_on"]


def test_triggers_come_after_the_webhook_that_they_call() -> None:
    parts = [part for action, part in actions(BARE, Asked("acme", ASKED.url, triggers=True))]
    assert parts[3:] == ["webhook.triggers"] * 3 + ["trigger.created", "trigger.updated"]


def test_nothing_made_is_nothing_to_take_away_or_to_rotate() -> None:
    assert removal("acme", BARE) == ()
    assert to_rotate(BARE) == ()
    assert rotation("acme", (), BARE) == ()


def test_what_a_rotation_left_is_finished_before_another_one_begins() -> None:
    old = SetUp("webhook.events.retired", REMOVING, "01A")
    standing = BARE.with_part(SetUp("webhook.events", MADE, "01B")).with_part(old)
    assert to_rotate(standing) == ()
    assert [step.action for step in rotation("acme", (), standing)] == ["remove", "drop_secret"]
    gone = standing.with_part(SetUp(old.part, REMOVED, "01A"))
    assert [step.action for step in rotation("acme", (), gone)] == ["drop_secret"]


def test_all_types_are_asked_for_before_those_of_users_alone() -> None:
    tries = list(subscriptions_to_try())
    assert [len(one) for one in tries] == [len(kept_types())] * 3 + [len(tries[3])] * 3
    assert all(name.startswith("zen:event-type:") for name in tries[0])
    assert {name for name in tries[1] if "/" in name} == {
        f"zen:event-type/user.{name}" for name in ("identity_changed", "identity_created", "merged")
    }


def test_an_account_without_ticket_events_lacks_none_of_them() -> None:
    users = [name for name in kept_types() if name.startswith("user.")]
    assert lacking(spelled(users, ())) == ()
    assert lacking(spelled(users[1:], users)) == (users[0],)
    assert lacking(spelled(kept_types()[:-1], ())) == (kept_types()[-1],)
