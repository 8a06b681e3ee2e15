"""From the signed delivery to the dead letter: what an engineer finds who wired the webhooks wrongly."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from bridge.broker.embedded import EmbeddedBroker
from bridge.directory import Directory
from bridge.ledger import installations
from receiver.app import create_app
from receiver.parts import Parts
from sandbox.zendesk.webhooks import Webhook
from tests.receiver.door import LeavingAcceptance, sidebar_parts
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
    parts = Parts(
        directory=Directory(world.ledger, world.vault),
        acceptance=LeavingAcceptance(EmbeddedBroker(world.ledger).publisher()),
        clock=world.clock,
        new_id=lambda: uuid4().hex,
        broker_answers=lambda: True,
        ledger_answers=lambda: True,
        sidebar=sidebar_parts(world.ledger, world.clock),
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
