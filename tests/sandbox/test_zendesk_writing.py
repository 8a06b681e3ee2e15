"""Writing to users and tickets: fields, tags, limits, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock, Receiver

Rest = Callable[..., requests.Response]
Told = Callable[[], list[dict[str, Any]]]
TYPES = ("user.tags_changed", "user.custom_field_changed", "ticket.tags_changed")


@pytest.fixture
def told(box: Sandbox, receiver: Receiver) -> Told:
    """What was told of tags and fields since the last asking."""
    box.zendesk.subscribe(receiver.url, TYPES)

    def since() -> list[dict[str, Any]]:
        box.zendesk.wait_idle()
        bodies = [json.loads(body) for _, body in receiver.received]
        receiver.received.clear()
        return bodies

    return since


def put_fields(rest: Rest, user_id: int, **values: Any) -> requests.Response:
    return rest("PUT", f"users/{user_id}", json={"user": {"user_fields": values}})


def test_every_field_shows_and_is_null_until_set(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("score", "integer")
    box.zendesk.add_user_field("note")
    put_fields(rest, user.id, score=4)
    assert rest("GET", f"users/{user.id}").json()["user"]["user_fields"] == {"score": 4, "note": None}


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("integer", 4, 4),
        ("integer", "4", 4),
        ("decimal", 2.5, 2.5),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2026-11-22T09:55:16Z", "2026-11-22"),
        ("checkbox", True, True),
        ("text", 7, "7"),
        ("textarea", "one\ntwo", "one\ntwo"),
        ("integer", None, None),
    ],
)
def test_a_field_keeps_values_of_its_kind(box: Sandbox, rest: Rest, kind: str, value: Any, kept: Any) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("field", kind)
    assert put_fields(rest, user.id, field=value).status_code == 200
    assert box.zendesk.user(user.id).user_fields.get("field") == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [("integer", "four"), ("integer", 2.5), ("integer", True), ("date", "22.11.2026"), ("text", ["a"])],
)
def test_a_wrong_value_is_a_422_that_names_the_field_and_changes_nothing(
    box: Sandbox, rest: Rest, kind: str, value: Any
) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("good")
    box.zendesk.add_user_field("field", kind)
    reply = put_fields(rest, user.id, good="x", field=value)
    assert (reply.status_code, list(reply.json()["details"])) == (422, ["field"])
    assert box.zendesk.user(user.id).user_fields == {}


def test_unknown_fields_may_be_refused(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("known")
    box.zendesk.oddities.unknown_fields = "refused"
    reply = put_fields(rest, user.id, known="x", nope=1)
    assert (reply.status_code, list(reply.json()["details"])) == (422, ["nope"])
    assert box.zendesk.user(user.id).user_fields == {}


def test_a_date_may_read_as_a_moment(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("day", "date")
    put_fields(rest, user.id, day="2026-11-22")
    box.zendesk.oddities.dates_as = "moment"
    shown = rest("GET", f"users/{user.id}").json()["user"]["user_fields"]
    assert shown == {"day": "2026-11-22T00:00:00Z"}


def test_a_field_removed_is_gone_from_users_and_drops_what_is_written(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("field")
    put_fields(rest, user.id, field="x")
    box.zendesk.remove_user_field("field")
    assert put_fields(rest, user.id, field="y").json()["user"]["user_fields"] == {}
    assert rest("GET", "user_fields").json()["user_fields"] == []


def test_user_fields_come_in_pages(box: Sandbox, rest: Rest) -> None:
    for key in ("one", "two", "three"):
        box.zendesk.add_user_field(key)
    page = rest("GET", "user_fields", params={"page[size]": 2}).json()
    assert ([each["key"] for each in page["user_fields"]], page["meta"]["has_more"]) == (["one", "two"], True)


def test_a_field_that_changes_is_told_once(box: Sandbox, rest: Rest, told: Told, clock: HandClock) -> None:
    user = box.zendesk.create_user()
    field = box.zendesk.add_user_field("score", "integer", "Score")
    clock.move(5)
    for value in (4, 4, None, None):
        put_fields(rest, user.id, score=value)
    first, second = told()
    assert first["type"] == "zen:event-type:user.custom_field_changed"
    assert first["event"] == {
        "current": 4,
        "previous": None,
        "field": {"id": str(field["id"]), "title": "Score", "type": "integer"},
    }
    assert first["detail"]["updated_at"] == "2026-11-22T09:55:21Z"
    assert (second["event"]["current"], second["event"]["previous"]) == (None, 4)


def test_tags_of_a_user_are_told_when_they_change_and_not_when_they_do_not(
    box: Sandbox, rest: Rest, told: Told
) -> None:
    user = box.zendesk.create_user(tags=["a"])
    path = f"users/{user.id}/tags"
    rest("PUT", path, json={"tags": ["high"]})
    rest("PUT", path, json={"tags": ["high"]})
    rest("DELETE", path, json={"tags": ["high"]})
    rest("DELETE", path, json={"tags": ["high"]})
    assert [body["event"] for body in told()] == [
        {"added": {"tags": ["high"]}, "removed": {"tags": []}},
        {"added": {"tags": []}, "removed": {"tags": ["high"]}},
    ]
    assert box.zendesk.user(user.id).tags == ("a",)


def test_tags_of_a_ticket_are_told_when_they_change_and_the_ticket_is_newer(
    box: Sandbox, rest: Rest, told: Told, clock: HandClock
) -> None:
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id, tags=["a"])
    clock.move(5)
    path = f"tickets/{ticket.id}/tags"
    assert rest("PUT", path, json={"tags": ["high"]}).json()["tags"] == ["a", "high"]
    clock.move(5)
    assert rest("PUT", path, json={"tags": ["high"]}).json()["tags"] == ["a", "high"]
    (body,) = told()
    assert (body["event"]["tags_added"], body["event"]["tags_removed"]) == (["high"], [])
    assert body["detail"]["updated_at"] == "2026-11-22T09:55:21Z"
    assert rest("DELETE", path, json={"tags": ["a"]}).json()["tags"] == ["high"]


def test_a_closed_ticket_cannot_be_tagged(box: Sandbox, rest: Rest) -> None:
    ticket = box.zendesk.create_ticket(box.zendesk.create_user().id, status="closed")
    reply = rest("PUT", f"tickets/{ticket.id}/tags", json={"tags": ["high"]})
    assert (reply.status_code, list(reply.json()["details"])) == (422, ["status"])


def test_a_new_ticket_gets_the_tags_its_requester_has_and_an_older_one_does_not(
    box: Sandbox, rest: Rest
) -> None:
    user = box.zendesk.create_user(tags=["a"])
    older = box.zendesk.create_ticket(user.id)
    rest("PUT", f"users/{user.id}/tags", json={"tags": ["high"]})
    newer = box.zendesk.create_ticket(user.id, tags=["own"])
    assert box.zendesk.ticket(older.id).tags == ("a",)
    assert newer.tags == ("a", "high", "own")


@pytest.mark.parametrize(("answer", "status"), [("ignored", 200), ("missing", 404), ("refused", 403)])
def test_without_user_tagging_the_tags_of_a_user_take_nothing(
    box: Sandbox, rest: Rest, answer: Any, status: int
) -> None:
    user = box.zendesk.create_user()
    box.zendesk.oddities.user_tagging = False
    box.zendesk.oddities.tags_when_off = answer
    assert rest("PUT", f"users/{user.id}/tags", json={"tags": ["high"]}).status_code == status
    assert rest("PUT", f"users/{user.id}", json={"user": {"tags": ["high"]}}).status_code == 200
    assert box.zendesk.user(user.id).tags == ()
    ticket = box.zendesk.create_ticket(user.id)
    assert rest("PUT", f"tickets/{ticket.id}/tags", json={"tags": ["high"]}).json()["tags"] == ["high"]


@pytest.mark.parametrize(("answer", "status"), [("missing", 404), ("refused", 422), ("accepted", 200)])
def test_a_deleted_user_can_or_cannot_be_written(box: Sandbox, rest: Rest, answer: Any, status: int) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("field")
    box.zendesk.delete_user(user.id)
    box.zendesk.oddities.inactive_update = answer
    assert put_fields(rest, user.id, field="x").status_code == status
    assert rest("PUT", f"users/{user.id}/tags", json={"tags": ["high"]}).status_code == status
    assert bool(box.zendesk.user(user.id).user_fields) is (status == 200)


def test_one_user_takes_five_updates_a_minute(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    user, other = box.zendesk.create_user(), box.zendesk.create_user()
    ticket = box.zendesk.create_ticket(user.id)
    statuses = [put_fields(rest, user.id).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert put_fields(rest, user.id).headers["Retry-After"] == "44"
    assert put_fields(rest, other.id).status_code == 200
    assert rest("PUT", f"users/{user.id}/tags", json={"tags": ["a"]}).status_code == 429
    assert rest("PUT", f"tickets/{ticket.id}/tags", json={"tags": ["a"]}).status_code == 200
    bulk = rest("PUT", "users/update_many", json={"users": [{"id": user.id, "tags": ["b"]}]})
    assert (bulk.status_code, box.zendesk.user(user.id).tags) == (200, ("b",))
    clock.move(44)
    assert put_fields(rest, user.id).status_code == 200


def test_the_limit_of_one_user_can_be_lifted(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.set_limit("user_update", None)
    assert {put_fields(rest, user.id).status_code for _ in range(7)} == {200}


def test_requests_are_counted_by_kind(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    for _ in range(2):
        rest("PUT", f"users/{user.id}/tags.json", json={"tags": ["a"]})
    job = rest("PUT", "users/update_many.json", json={"users": []}).json()["job_status"]
    rest("GET", f"job_statuses/{job['id']}.json")
    assert box.zendesk.calls.kinds() == {
        "PUT /api/v2/users/{id}/tags": 2,
        "PUT /api/v2/users/update_many": 1,
        "GET /api/v2/job_statuses/{id}": 1,
    }
