"""From the signed delivery to the dead letter: what an engineer finds who wired the webhooks wrongly."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from bridge.errors import Refused
from bridge.ledger import installations
from bridge.repair.replaying import replay
from receiver.app import create_app
from receiver.parts import Parts
from sandbox.zendesk.webhooks import Webhook
from tests.receiver.door import LeavingAcceptance, console_parts, sidebar_parts
from tests.scenarios.story import Story


@pytest.fixture
def hook(story: Story) -> Webhook:
    """The webhook that Zendesk signs with; the installation knows its secret."""
    world = story.world
    (hook,) = story.zendesk.webhooks.hooks.values()
    settings = world.installation.settings
    zendesk = replace(settings.zendesk, webhook_secrets=(hook.secret,))
    with world.ledger.writing() as connection:
        installations.replace(
            connection,
            world.vault,
            id=world.installation.id,
            settings=replace(settings, zendesk=zendesk),
            at=story.clock.now(),
        )
    return hook


@pytest.fixture
def door(story: Story) -> FlaskClient:
    """The receiver in front of the story's own ledger and broker."""
    world = story.world
    broker = EmbeddedBroker(world.ledger)
    parts = Parts(
        directory=Directory(world.ledger, world.vault),
        acceptance=LeavingAcceptance(broker.publisher()),
        clock=world.clock,
        new_id=lambda: uuid4().hex,
        broker_answers=lambda: True,
        ledger_answers=lambda: True,
        sidebar=sidebar_parts(world.ledger, world.clock),
        console=console_parts(world.ledger, world.clock, world.vault, broker),
    )
    return create_app(parts).test_client()


def test_a_signed_delivery_reaches_the_profile(story: Story, hook: Webhook, door: FlaskClient) -> None:
    ann = story.person("ann@example.com")
    story.clock.move(10)
    story.zendesk.add_tags(ann.id, ["vip"])
    (told,) = story.zendesk.deliveries[-1:]
    reply = door.post("/hooks/acme/zendesk/events", data=told.body, headers=told.sign())
    story.world.work()
    assert (reply.status_code, reply.json) == (202, {"accepted": 1, "ignored": 0})
    assert story.vars_of(ann.sid)["zendesk_tags"] == ["vip"]
    assert story.calls() == (0, 0, 1)


def test_a_trigger_that_calls_the_events_address_is_told_the_right_one(
    story: Story, hook: Webhook, door: FlaskClient
) -> None:
    signed = story.zendesk.render_trigger(b'{"ticket_id": "991", "status": "open"}', hook)
    reply = door.post("/hooks/acme/zendesk/events", data=signed.body, headers=signed.headers)
    story.world.work()
    assert reply.status_code == 202
    (letter,) = story.letters()
    assert letter.reason == "unreadable"
    assert "trigger" in letter.error
    assert "/hooks/acme/zendesk/triggers" in letter.error
    assert letter.data["body"] == '{"ticket_id": "991", "status": "open"}'
    assert story.outcomes("unreadable") == [("dead", "unreadable")]
    assert story.calls() == (0, 0, 0)


def test_an_event_that_calls_the_triggers_address_is_told_the_right_one(
    story: Story, hook: Webhook, door: FlaskClient
) -> None:
    ann = story.person("ann@example.com")
    signed = story.zendesk.render("user.deleted", ann.id, webhook=hook)
    reply = door.post("/hooks/acme/zendesk/triggers", data=signed.body, headers=signed.headers)
    story.world.work()
    assert reply.status_code == 202
    (letter,) = story.letters()
    assert "/hooks/acme/zendesk/events" in letter.error
    assert story.vars_of(ann.sid)["zendesk_active"] is True


def test_an_unsigned_delivery_is_told_no_and_leaves_nothing(
    story: Story, hook: Webhook, door: FlaskClient
) -> None:
    ann = story.person("ann@example.com")
    signed = story.zendesk.render("user.deleted", ann.id, webhook=replace(hook, secret="another"))
    reply = door.post("/hooks/acme/zendesk/events", data=signed.body, headers=signed.headers)
    story.world.work()
    assert reply.status_code == 401
    assert (story.letters(), story.outcomes("user.deleted")) == ([], [])
    assert story.calls() == (0, 0, 0)


def test_a_postback_of_the_stand_in_gets_in_and_a_changed_one_does_not(
    story: Story, door: FlaskClient
) -> None:
    headers, body = story.sailthru.postbacks.render("optout", email="ann@example.com", mode="all", optout="1")
    reply = door.post("/hooks/acme/sailthru/postbacks", data=body, headers=headers)
    assert (reply.status_code, reply.json) == (200, {"accepted": 1, "ignored": 0})
    changed = body.replace(b"optout=1", b"optout=0")
    assert changed != body
    assert door.post("/hooks/acme/sailthru/postbacks", data=changed, headers=headers).status_code == 401


def test_a_postback_that_names_nobody_is_a_dead_letter_that_says_so(story: Story, door: FlaskClient) -> None:
    headers, body = story.sailthru.postbacks.render("verify", send_id="XKx8kG")
    reply = door.post("/hooks/acme/sailthru/postbacks", data=body, headers=headers)
    story.world.work()
    assert (reply.status_code, reply.json) == (200, {"accepted": 1, "ignored": 0})
    (letter,) = story.letters()
    assert (letter.lane, letter.type, letter.reason) == ("sailthru", "unreadable", "unreadable")
    assert "neither email nor sid" in letter.error
    with pytest.raises(Refused) as caught:
        replay(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), letter, operator="ann")
    assert "drop the letter" in caught.value.detail
    assert [left.id for left in story.letters()] == [letter.id]
    assert story.calls() == (0, 0, 0)


def test_a_postback_at_zendesks_address_is_refused_and_the_log_says_where_it_belongs(
    story: Story, hook: Webhook, door: FlaskClient
) -> None:
    headers, body = story.sailthru.postbacks.render("optout", email="ann@example.com", mode="all", optout="1")
    with capture_logs() as lines:
        reply = door.post("/hooks/acme/zendesk/events", data=body, headers=headers)
    assert reply.status_code == 415
    assert "/hooks/acme/sailthru/postbacks" in lines[-1]["hint"]


def test_an_event_at_the_postbacks_address_is_refused_and_the_log_says_where_it_belongs(
    story: Story, hook: Webhook, door: FlaskClient
) -> None:
    ann = story.person("ann@example.com")
    signed = story.zendesk.render("user.deleted", ann.id, webhook=hook)
    with capture_logs() as lines:
        reply = door.post("/hooks/acme/sailthru/postbacks", data=signed.body, headers=signed.headers)
    assert reply.status_code == 415
    assert "/hooks/acme/zendesk/events" in lines[-1]["hint"]
