"""Bulk updates of users and the jobs that tell how they went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock

Rest = Callable[..., requests.Response]


def accepted(rest: Rest, *rows: dict[str, Any]) -> str:
    """The number of the job."""
    reply = rest("PUT", "users/update_many.json", json={"users": list(rows)})
    assert reply.status_code == 200
    assert reply.json()["job_status"]["status"] == "queued"
    return str(reply.json()["job_status"]["id"])


def status(rest: Rest, job: str) -> dict[str, Any]:
    shown: dict[str, Any] = rest("GET", f"job_statuses/{job}.json").json()["job_status"]
    return shown


def test_a_job_is_queued_then_works_then_tells_of_each_user(
    box: Sandbox, rest: Rest, clock: HandClock
) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("score", "integer")
    box.zendesk.oddities.job_s = 4
    job = accepted(rest, {"id": user.id, "user_fields": {"score": 4}})
    assert (status(rest, job)["status"], status(rest, job)["results"]) == ("queued", None)
    clock.move(2)
    assert status(rest, job)["status"] == "working"
    assert box.zendesk.user(user.id).user_fields == {}
    clock.move(2)
    assert box.zendesk.user(user.id).user_fields == {"score": 4}
    done = status(rest, job)
    assert (done["status"], done["progress"], done["total"]) == ("completed", 1, 1)
    (result,) = done["results"]
    assert (result["id"], result["status"], result["success"]) == (user.id, "Updated", True)


def test_a_job_that_comes_late_writes_over_what_was_written_meanwhile(
    box: Sandbox, rest: Rest, clock: HandClock
) -> None:
    user = box.zendesk.create_user()
    box.zendesk.add_user_field("score", "integer")
    box.zendesk.oddities.job_s = 4
    accepted(rest, {"id": user.id, "user_fields": {"score": 1}})
    rest("PUT", f"users/{user.id}", json={"user": {"user_fields": {"score": 2}}})
    assert box.zendesk.user(user.id).user_fields == {"score": 2}
    clock.move(4)
    assert box.zendesk.user(user.id).user_fields == {"score": 1}


def test_it_sets_exactly_what_is_given(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user(tags=["a", "b"])
    box.zendesk.add_user_field("one")
    box.zendesk.add_user_field("two")
    accepted(rest, {"id": user.id, "user_fields": {"one": "x"}})
    accepted(rest, {"id": user.id, "user_fields": {"two": "y"}})
    assert box.zendesk.user(user.id).tags == ("a", "b")
    accepted(rest, {"id": user.id, "tags": ["only"]})
    assert box.zendesk.user(user.id).tags == ("only",)
    assert box.zendesk.user(user.id).user_fields == {"one": "x", "two": "y"}


@pytest.mark.parametrize(("name", "keys"), [("both", {"id", "index"}), ("id", {"id"}), ("index", {"index"})])
def test_a_row_that_fails_says_why_and_leaves_the_others_alone(
    box: Sandbox, rest: Rest, name: Any, keys: set[str]
) -> None:
    good, bad = box.zendesk.create_user(), box.zendesk.create_user()
    box.zendesk.add_user_field("score", "integer")
    box.zendesk.oddities.job_errors_name = name
    rows = [
        {"id": 5, "user_fields": {"score": 1}},
        {"id": bad.id, "user_fields": {"score": "many"}},
        {"id": good.id, "user_fields": {"score": 3}},
    ]
    missing, wrong, done = status(rest, accepted(rest, *rows))["results"]
    assert (missing["error"], missing["details"]) == ("RecordNotFound", "Not found")
    assert (wrong["error"], "score" in wrong["details"]) == ("RecordInvalid", True)
    assert missing.keys() & {"id", "index"} == keys
    assert done["success"]
    assert box.zendesk.user(good.id).user_fields == {"score": 3}


def test_a_hundred_users_are_the_most(rest: Rest) -> None:
    rows = [{"id": number} for number in range(101)]
    assert rest("PUT", "users/update_many", json={"users": rows}).status_code == 400


def test_a_failed_job_changes_nobody(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user(tags=["a"])
    box.zendesk.fail_jobs()
    job = accepted(rest, {"id": user.id, "tags": ["b"]})
    assert (status(rest, job)["status"], status(rest, job)["results"]) == ("failed", [])
    assert box.zendesk.user(user.id).tags == ("a",)
    accepted(rest, {"id": user.id, "tags": ["b"]})
    assert box.zendesk.user(user.id).tags == ("b",)


def test_a_job_whose_reply_is_lost_takes_effect_all_the_same(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.faults.reset(method="PUT", path="*/update_many.json", applied=True)
    with pytest.raises(requests.ConnectionError):
        rest("PUT", "users/update_many.json", json={"users": [{"id": user.id, "tags": ["b"]}]})
    assert box.zendesk.user(user.id).tags == ("b",)


def test_a_job_can_be_asked_about_for_an_hour(box: Sandbox, rest: Rest, clock: HandClock) -> None:
    job = accepted(rest)
    clock.move(3600)
    assert status(rest, job)["status"] == "completed"
    clock.move(1)
    assert rest("GET", f"job_statuses/{job}").status_code == 404


def test_the_last_hundred_jobs_are_kept(rest: Rest) -> None:
    first = accepted(rest)
    second = accepted(rest)
    for _ in range(99):
        accepted(rest)
    assert rest("GET", f"job_statuses/{first}").status_code == 404
    assert status(rest, second)["status"] == "completed"


def test_a_job_may_be_forgotten_though_it_was_carried_out(box: Sandbox, rest: Rest) -> None:
    user = box.zendesk.create_user()
    box.zendesk.oddities.job_s = 60
    job = accepted(rest, {"id": user.id, "tags": ["b"]})
    box.zendesk.forget_jobs()
    assert rest("GET", f"job_statuses/{job}").status_code == 404
    assert box.zendesk.user(user.id).tags == ("b",)


def test_thirty_jobs_may_wait(box: Sandbox, rest: Rest) -> None:
    box.zendesk.oddities.job_s = 60
    for _ in range(30):
        accepted(rest)
    refused = rest("PUT", "users/update_many", json={"users": []})
    assert (refused.status_code, refused.json()["error"]) == (429, "TooManyJobs")
    box.zendesk.flush()
    accepted(rest)
