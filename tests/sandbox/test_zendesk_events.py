"""Every event type has a body, and the oddities change its spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import TICKET_EVENTS, USER_EVENTS, Sandbox
from sandbox.zendesk.catalogue import EVENT_TYPES
from sandbox.zendesk.signing import sign


def rendered(box: Sandbox, name: str, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(box.zendesk.render(name, 7001, **more).body)
    return body


def test_there_are_27_user_and_37_ticket_event_types() -> None:
    assert (len(USER_EVENTS), len(TICKET_EVENTS)) == (27, 37)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_type_renders_with_an_envelope(box: Sandbox, name: str) -> None:
    body = rendered(box, name)
    kind = name.partition(".")[0]
    assert body["type"] == f"zen:event-type:{name}"
    assert body["subject"] == f"zen:{kind}:7001"
    assert body["detail"]["id"] == "7001"
    assert ("meta" in body["event"]) is (kind == "ticket")


def test_user_events_carry_whole_seconds_and_ticket_events_nine_digits(box: Sandbox) -> None:
    assert rendered(box, "user.created")["time"] == "2026-11-22T09:55:16Z"
    time = rendered(box, "ticket.created")["time"]
    assert time.startswith("2026-11-22T09:55:16.672717")
    assert len(time) == len("2026-11-22T09:55:16.672717030Z")


def test_a_delivery_is_signed_by_the_webhook_that_subscribed(box: Sandbox) -> None:
    hook = box.zendesk.subscribe("http://127.0.0.1:9/hooks", ["user.created"])
    delivery = box.zendesk.render("user.created", 7001)
    stamp = delivery.headers["X-Zendesk-Webhook-Signature-Timestamp"]
    assert delivery.headers["X-Zendesk-Webhook-Signature"] == sign(hook.secret, stamp, delivery.body)
    assert delivery.headers["X-Zendesk-Webhook-Id"] == hook.id
    assert len(hook.id) == 26
    assert len(hook.secret) == 44


def test_ids_in_events_are_strings_and_enums_are_upper_case(box: Sandbox) -> None:
    user = box.zendesk.create_user("ann@example.com")
    ticket = box.zendesk.create_ticket(user.id, status="open", priority="low")
    detail = json.loads(box.zendesk.render("ticket.created", ticket.id).body)["detail"]
    assert (detail["id"], detail["requester_id"]) == (str(ticket.id), str(user.id))
    assert (detail["status"], detail["priority"], detail["assignee_id"]) == ("OPEN", "LOW", None)


def test_three_types_come_with_a_slash_when_asked(box: Sandbox) -> None:
    box.zendesk.oddities.type_spelling = "slash"
    assert rendered(box, "user.merged")["type"] == "zen:event-type/user.merged"
    assert rendered(box, "user.created")["type"] == "zen:event-type:user.created"


def test_an_identity_comes_under_either_key(box: Sandbox) -> None:
    assert "identity" in rendered(box, "user.identity_created")["event"]
    box.zendesk.oddities.identity_key = "current"
    assert rendered(box, "user.identity_created")["event"].keys() == {"current"}


@pytest.mark.parametrize(("shape", "tags"), [("list", ["a", "b"]), ("null", None), ("string", "a b")])
def test_ticket_tags_come_in_three_shapes(box: Sandbox, shape: Any, tags: Any) -> None:
    user = box.zendesk.create_user("ann@example.com")
    ticket = box.zendesk.create_ticket(user.id, tags=["a", "b"])
    box.zendesk.oddities.tags_as = shape
    assert json.loads(box.zendesk.render("ticket.created", ticket.id).body)["detail"]["tags"] == tags


def test_none_and_roles_are_spelled_as_asked(box: Sandbox) -> None:
    assert rendered(box, "user.created")["detail"]["organization_id"] == "0"
    box.zendesk.oddities.no_id = ""
    box.zendesk.oddities.role_case = "upper"
    detail = rendered(box, "user.created")["detail"]
    assert (detail["organization_id"], detail["role"]) == ("", "END_USER")


def test_the_body_is_indented_by_three_spaces_as_the_recorded_one(box: Sandbox) -> None:
    body = box.zendesk.render("user.deleted", 7001).body
    assert body.startswith(b'{\n   "account_id"')
    assert body.endswith(b"}\n")
