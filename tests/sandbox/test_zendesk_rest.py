"""Zendesk's REST API as the fact sheet says it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock

Rest = Callable[..., requests.Response]


def test_a_user_reads_with_an_integer_id_and_null_for_none(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user(tags=["vip"])
    shown = rest("GET", f"users/{user.id}.json").json()["user"]
    assert (shown["id"], shown["email"], shown["active"], shown["tags"]) == (user.id, None, True, ["vip"])


def test_replies_are_dated_by_the_clock(rest: Rest) -> None:
    assert rest("GET", "users/me").headers["Date"] == "Sun, 22 Nov 2026 09:55:16 GMT"


def test_an_unknown_user_is_not_found(rest: Rest) -> None:
    reply = rest("GET", "users/5")
    assert (reply.status_code, reply.json()) == (
        404,
        {"error": "RecordNotFound", "description": "Not found"},
    )


def test_without_tagging_a_user_has_no_tags_key(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user(tags=["vip"])
    box.zendesk.oddities.user_tagging = False
    assert "tags" not in rest("GET", f"users/{user.id}").json()["user"]


def test_show_many_leaves_unknown_ones_out_and_takes_a_hundred(box: Sandbox, rest: Rest) -> None:
    first, second = box.zendesk.create_user(), box.zendesk.create_user()
    users = rest("GET", f"users/show_many.json?ids={first.id},5,{second.id}").json()["users"]
    assert [user["id"] for user in users] == [first.id, second.id]
    assert rest("GET", "users/show_many?ids=" + ",".join(map(str, range(1, 102)))).status_code == 400


def test_search_finds_by_address_and_external_id(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user("ann@example.com", external_id="A1")
    by_email = rest("GET", "users/search", params={"query": "email:ann@example.com"}).json()
    by_external = rest("GET", "users/search", params={"external_id": "a1"}).json()
    assert [each["id"] for each in by_email["users"] + by_external["users"]] == [user.id, user.id]
    assert rest("GET", "users/search", params={"query": "email:x@example.com"}).json()["count"] == 0


def test_a_deleted_user_is_inactive_and_has_no_address(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user("ann@example.com")
    box.zendesk.delete_user(user.id)
    shown = rest("GET", f"users/{user.id}").json()["user"]
    assert (shown["active"], shown["email"]) == (False, None)
    box.zendesk.permanently_delete_user(user.id)
    assert rest("GET", f"users/{user.id}").status_code == 404


def test_a_merged_user_is_inactive_or_missing(box: Sandbox, rest: Rest) -> None:
    loser, winner = box.zendesk.create_user(), box.zendesk.create_user()
    box.zendesk.merge_users(loser.id, winner.id)
    assert rest("GET", f"users/{loser.id}").json()["user"]["active"] is False
    box.zendesk.oddities.merged_loser = "missing"
    assert rest("GET", f"users/{loser.id}").status_code == 404


def test_an_email_put_becomes_a_second_identity(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user("ann@example.com")
    reply = rest("PUT", f"users/{user.id}", json={"user": {"email": "two@example.com"}})
    assert reply.json()["user"]["email"] == "ann@example.com"
    identities = rest("GET", f"users/{user.id}/identities").json()["identities"]
    assert [(each["value"], each["primary"]) for each in identities] == [
        ("ann@example.com", True),
        ("two@example.com", False),
    ]


def test_unknown_user_fields_are_dropped_silently(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("health")
    reply = rest("PUT", f"users/{user.id}", json={"user": {"user_fields": {"health": "good", "nope": 1}}})
    assert reply.json()["user"]["user_fields"] == {"health": "good"}


def test_a_dropdown_takes_only_its_options(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("plan", "dropdown", custom_field_options=[{"name": "A", "value": "a"}])
    reply = rest("PUT", f"users/{user.id}", json={"user": {"user_fields": {"plan": "b"}}})
    assert (reply.status_code, reply.json()["error"]) == (422, "RecordInvalid")


def test_tags_are_replaced_added_and_removed(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user(tags=["a"])
    path = f"users/{user.id}/tags"
    assert rest("PUT", path, json={"tags": ["b"]}).json()["tags"] == ["a", "b"]
    assert rest("DELETE", path, json={"tags": ["a"]}).json()["tags"] == ["b"]
    assert rest("POST", path, json={"tags": ["c"]}).json()["tags"] == ["c"]


def test_requested_tickets_come_in_cursor_pages_without_deleted_ones(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    tickets = [box.zendesk.create_ticket(user.id).id for _ in range(5)]
    box.zendesk.delete_ticket(tickets[2])
    seen: list[int] = []
    query: dict[str, Any] = {"page[size]": 2}
    while True:
        page = rest("GET", f"users/{user.id}/tickets/requested", params=query).json()
        seen += [ticket["id"] for ticket in page["tickets"]]
        if not page["meta"]["has_more"]:
            break
        query["page[after]"] = page["meta"]["after_cursor"]
    assert seen == [tickets[0], tickets[1], tickets[3], tickets[4]]
    assert rest("GET", f"tickets/{tickets[2]}").status_code == 404
    related = rest("GET", f"users/{user.id}/related").json()["user_related"]
    assert related["requested_tickets"] == 4


def test_the_next_link_leads_to_the_next_page(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    for _ in range(3):
        box.zendesk.create_ticket(user.id)
    page = rest("GET", f"users/{user.id}/tickets/requested", params={"page[size]": 2}).json()
    path = page["links"]["next"].removeprefix(f"{box.zendesk.url}/api/v2/")
    assert len(rest("GET", path).json()["tickets"]) == 1


def test_many_users_are_updated_by_a_job(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    rows = [{"id": user.id, "tags": ["vip"]}, {"id": 5, "tags": ["vip"]}]
    job = rest("PUT", "users/update_many.json", json={"users": rows}).json()["job_status"]
    assert job["status"] == "queued"
    done = rest("GET", f"job_statuses/{job['id']}.json").json()["job_status"]
    assert (done["status"], [each["success"] for each in done["results"]]) == ("completed", [True, False])
    assert box.zendesk.user(user.id).tags == ("vip",)


def test_a_lagging_replica_shows_the_past(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    user = box.zendesk.create_user(tags=["old"])
    clock.move(10)
    box.zendesk.set_tags(user.id, ["new"])
    box.zendesk.oddities.replica_lag_s = 5
    assert rest("GET", f"users/{user.id}").json()["user"]["tags"] == ["old"]
    clock.move(6)
    assert rest("GET", f"users/{user.id}").json()["user"]["tags"] == ["new"]


def test_a_created_record_is_unknown_to_a_lagging_replica(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    box.zendesk.oddities.replica_lag_s = 5
    user = box.zendesk.create_user()
    assert rest("GET", f"users/{user.id}").status_code == 404
    clock.move(6)
    assert rest("GET", f"users/{user.id}").status_code == 200


@pytest.mark.parametrize("path", ["nonsense", "users/x/tags", "tickets/1/nothing"])
def test_an_unknown_address_is_a_404(rest: Rest, path: str) -> None:
    assert rest("GET", path).status_code == 404
