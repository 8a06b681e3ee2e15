"""Changing the address of a profile, and what happens when it is taken."""

from __future__ import annotations

from typing import Any

import pytest
from sailthru.sailthru_client import SailthruClient

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock


def moved(client: SailthruClient, sid: str, new: str, **more: Any) -> Any:
    return client.api_post("user", {"id": sid, "key": "sid", "keys": {"email": new}, **more})


def test_by_sid_the_address_changes_and_the_rest_stays(box: Sandbox, client: SailthruClient) -> None:
    sid = box.sailthru.create_profile("old@example.com", vars={"a": 1}, lists=["News"])
    assert moved(client, sid, "New@example.com").is_ok()
    profile = box.sailthru.profile("new@example.com")
    assert profile is not None
    assert (profile.sid, profile.vars, list(profile.lists)) == (sid, {"a": 1}, ["News"])
    assert box.sailthru.profile("old@example.com") is None


def test_the_same_change_twice_is_one_change(box: Sandbox, client: SailthruClient) -> None:
    sid = box.sailthru.create_profile("old@example.com")
    assert moved(client, sid, "new@example.com").is_ok()
    assert moved(client, sid, "new@example.com").is_ok()
    assert len(box.sailthru.profiles()) == 1


def test_by_the_former_address_a_repeat_makes_another_profile(box: Sandbox, client: SailthruClient) -> None:
    sid = box.sailthru.create_profile("old@example.com")
    change = {"id": "old@example.com", "key": "email", "keys": {"email": "new@example.com"}}
    client.api_post("user", {**change, "keysconflict": "merge"})
    client.api_post("user", {**change, "keysconflict": "merge"})
    profile = box.sailthru.profile("new@example.com")
    assert profile is not None
    assert profile.sid != sid
    assert [merge.gone for merge in box.sailthru.merges] == [sid]


def test_a_taken_address_is_an_error_and_changes_nothing(box: Sandbox, client: SailthruClient) -> None:
    sid = box.sailthru.create_profile("ann@example.com", vars={"a": 1})
    box.sailthru.create_profile("bob@example.com")
    reply = moved(client, sid, "bob@example.com", keysconflict="error", vars={"a": 2})
    assert (reply.get_status_code(), reply.get_body()["error"]) == (409, 99)
    profile = box.sailthru.profile("ann@example.com")
    assert profile is not None
    assert profile.vars == {"a": 1}
    assert box.sailthru.merges == []


def test_a_merge_combines_and_keeps_the_strictest_opt_out(
    box: Sandbox, client: SailthruClient, clock: HandClock
) -> None:
    bob = box.sailthru.create_profile(
        "bob@example.com", vars={"a": 0, "b": 2}, lists=["Old"], optout_email="all"
    )
    clock.move(60)
    ann = box.sailthru.create_profile("ann@example.com", vars={"a": 1}, lists=["News"])
    assert moved(client, ann, "bob@example.com", keysconflict="merge").is_ok()
    profile = box.sailthru.by_sid(ann)
    assert profile is not None
    assert profile.email == "bob@example.com"
    assert profile.vars == {"a": 1, "b": 2}
    assert profile.lists.keys() == {"News", "Old"}
    assert profile.optout_email == "all"
    assert box.sailthru.by_sid(bob) is None
    assert [(merge.kept, merge.gone) for merge in box.sailthru.merges] == [(ann, bob)]


def test_an_empty_profile_may_reappear_at_the_old_address(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.oddities.old_address = "reborn"
    sid = box.sailthru.create_profile("old@example.com")
    moved(client, sid, "new@example.com")
    reborn = box.sailthru.profile("old@example.com")
    assert reborn is not None
    assert reborn.sid != sid


def test_a_marketer_changes_the_address_in_sailthru(box: Sandbox) -> None:
    sid = box.sailthru.create_profile("old@example.com")
    box.sailthru.change_email("old@example.com", "new@example.com")
    profile = box.sailthru.by_sid(sid)
    assert profile is not None
    assert profile.email == "new@example.com"


@pytest.mark.parametrize("status", [400, 409])
def test_the_status_of_a_conflict_is_a_switch(box: Sandbox, client: SailthruClient, status: int) -> None:
    box.sailthru.oddities.conflict_status = status
    sid = box.sailthru.create_profile("ann@example.com")
    box.sailthru.create_profile("bob@example.com")
    assert moved(client, sid, "bob@example.com").get_status_code() == status
