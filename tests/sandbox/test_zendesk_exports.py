"""Incremental exports: the latest minute is left out, deleted records are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock

Rest = Callable[..., requests.Response]


def walk(rest: Rest, name: str, query: dict[str, Any]) -> tuple[list[Any], str]:
    """All rows to the end of the stream, and the cursor to go on with."""
    rows: list[Any] = []
    while True:
        page = rest("GET", f"incremental/{name}/cursor.json", params=query).json()
        rows += page[name]
        query = {**query, "cursor": page["after_cursor"]}
        if page["end_of_stream"]:
            return rows, page["after_cursor"]


def test_the_most_recent_minute_is_left_out(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    user = box.zendesk.create_user()
    start = {"start_time": int(clock().timestamp()) - 3600}
    rows, cursor = walk(rest, "users", start)
    assert rows == []
    clock.move(61)
    rows, _ = walk(rest, "users", {"cursor": cursor})
    assert [row["id"] for row in rows] == [user.id]


def test_pages_hold_every_record_once_also_within_one_second(
    box: Sandbox, rest: Rest, clock: HandClock
) -> None:
    users = [box.zendesk.create_user().id for _ in range(7)]
    clock.move(120)
    rows, cursor = walk(rest, "users", {"start_time": 1, "per_page": 3})
    assert [row["id"] for row in rows] == users
    assert walk(rest, "users", {"cursor": cursor})[0] == []


def test_a_change_brings_a_record_back(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    user = box.zendesk.create_user()
    clock.move(120)
    _, cursor = walk(rest, "users", {"start_time": 1})
    box.zendesk.add_tags(user.id, ["vip"])
    clock.move(61)
    rows, _ = walk(rest, "users", {"cursor": cursor})
    assert [row["tags"] for row in rows] == [["vip"]]


def test_deleted_records_are_in_it(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    user = box.zendesk.create_user("ann@example.com")
    ticket = box.zendesk.create_ticket(user.id)
    box.zendesk.delete_ticket(ticket.id)
    box.zendesk.delete_user(user.id)
    clock.move(61)
    assert walk(rest, "tickets", {"start_time": 1})[0][0]["status"] == "deleted"
    assert walk(rest, "users", {"start_time": 1})[0][0]["active"] is False


def test_too_recent_a_start_is_refused(rest: Rest, clock: HandClock) -> None:
    recent = int(clock().timestamp()) - 30
    assert rest("GET", f"incremental/users/cursor?start_time={recent}").status_code == 422


def test_ten_exports_a_minute(rest: Rest, clock: HandClock) -> None:
    answers = [rest("GET", "incremental/users/cursor?start_time=1").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    clock.move(60)
    assert rest("GET", "incremental/users/cursor?start_time=1").status_code == 200
