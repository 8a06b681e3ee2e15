"""GET, POST and DELETE /user, asked with Sailthru's own client."""

from __future__ import annotations

from typing import Any

import pytest
from sailthru.sailthru_client import SailthruClient

from sandbox import Profile, Sandbox
from tests.sandbox.conftest import HandClock


def held(box: Sandbox, email: str) -> Profile:
    profile = box.sailthru.profile(email)
    assert profile is not None
    return profile


def test_a_post_to_an_unknown_address_creates(box: Sandbox, client: SailthruClient) -> None:
    reply = client.api_post("user", {"id": "Ann@Example.com", "vars": {"a": 1}, "fields": {"keys": 1}})
    profile = held(box, "ann@example.com")
    assert reply.is_ok()
    assert reply.get_body()["keys"]["sid"] == profile.sid
    assert profile.vars == {"a": 1}


def test_the_sid_comes_only_when_asked_for(client: SailthruClient) -> None:
    assert client.api_post("user", {"id": "ann@example.com"}).get_body() == {"ok": True}


def test_an_unknown_sid_is_not_found_and_creates_nothing(box: Sandbox, client: SailthruClient) -> None:
    reply = client.api_post("user", {"id": "0" * 24, "key": "sid", "vars": {"a": 1}})
    assert reply.get_body() == {"error": 99, "errormsg": f"User not found with sid: {'0' * 24}"}
    assert box.sailthru.profiles() == []


def test_reading_an_unknown_user_is_error_99(client: SailthruClient) -> None:
    reply = client.api_get("user", {"id": "x@example.com", "key": "email"})
    assert reply.get_status_code() == 400
    assert reply.get_body() == {"error": 99, "errormsg": "User not found with email: x@example.com"}


def test_a_bad_address_is_an_error_with_status_200_on_reading(client: SailthruClient) -> None:
    reply = client.api_get("user", {"id": "nonsense", "key": "email"})
    assert (reply.get_status_code(), reply.get_body()["error"]) == (200, 99)
    assert client.api_post("user", {"id": "nonsense"}).get_body()["error"] == 11


def test_lists_are_written_as_1_and_0_and_read_as_dates(box: Sandbox, client: SailthruClient) -> None:
    client.api_post("user", {"id": "ann@example.com", "lists": {"News": 1, "Old": 1}})
    client.api_post("user", {"id": "ann@example.com", "lists": {"Old": 0}})
    reply = client.api_get("user", {"id": "ann@example.com", "key": "email"}).get_body()
    assert reply["lists"] == {"News": "Sun, 22 Nov 2026 04:55:16 -0500"}
    assert box.sailthru.lists == ["News", "Old"]


def test_vars_are_merged_name_by_name(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile("ann@example.com", vars={"a": 1, "b": {"x": 1}})
    client.api_post("user", {"id": "ann@example.com", "vars": {"b": {"y": 2}}})
    assert held(box, "ann@example.com").vars == {"a": 1, "b": {"y": 2}}


def test_objects_may_be_merged_inside(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.oddities.object_vars = "merged"
    box.sailthru.create_profile("ann@example.com", vars={"b": {"x": 1, "z": 3}})
    client.api_post("user", {"id": "ann@example.com", "vars": {"b": {"y": 2, "z": None}}})
    assert held(box, "ann@example.com").vars == {"b": {"x": 1, "y": 2}}


@pytest.mark.parametrize(("mode", "left"), [("unset", {}), ("kept", {"a": None})])
def test_null_unsets_a_var_or_is_kept(box: Sandbox, client: SailthruClient, mode: Any, left: Any) -> None:
    box.sailthru.oddities.null_vars = mode
    box.sailthru.create_profile("ann@example.com", vars={"a": 1})
    client.api_post("user", {"id": "ann@example.com", "vars": {"a": None}})
    assert held(box, "ann@example.com").vars == left


@pytest.mark.parametrize("name", ["v" * 33, "1a", "a-b", "a.b", "a%", "a$"])
def test_bad_var_names_are_error_99_and_change_nothing(
    box: Sandbox, client: SailthruClient, name: str
) -> None:
    reply = client.api_post("user", {"id": "ann@example.com", "vars": {"good": 1, name: 2}})
    assert reply.get_body()["error"] == 99
    assert box.sailthru.profile("ann@example.com") is None


def test_reads_are_eventually_consistent(box: Sandbox, client: SailthruClient, clock: HandClock) -> None:
    box.sailthru.create_profile("ann@example.com", vars={"a": 1})
    clock.move(10)
    box.sailthru.consistency_s = 3
    client.api_post("user", {"id": "ann@example.com", "vars": {"a": 2}})
    ask = {"id": "ann@example.com", "key": "email"}
    assert client.api_get("user", ask).get_body()["vars"] == {"a": 1}
    clock.move(3)
    assert client.api_get("user", ask).get_body()["vars"] == {"a": 2}


def test_fields_choose_what_is_read(box: Sandbox, client: SailthruClient, clock: HandClock) -> None:
    box.sailthru.create_profile("ann@example.com", engagement="active")
    box.sailthru.record("ann@example.com", activity={"open_time": clock()}, lifetime={"lifetime_open": 5})
    box.sailthru.set_smart_lists("ann@example.com", ["Top"])
    fields = {"activity": 1, "lifetime": 1, "smart_lists": 1, "predictions": 1}
    reply = client.api_get("user", {"id": "ann@example.com", "key": "email", "fields": fields}).get_body()
    assert reply.keys() == {"activity", "lifetime", "smart_lists"}
    assert reply["activity"]["open_time"] == "Sun, 22 Nov 2026 04:55:16 -0500"
    assert (reply["lifetime"], reply["smart_lists"]) == ({"lifetime_open": 5}, ["Top"])


@pytest.mark.parametrize(("shape", "empty"), [("object", {}), ("list", []), ("null", None)])
def test_empty_maps_come_in_three_shapes(
    box: Sandbox, client: SailthruClient, shape: Any, empty: Any
) -> None:
    box.sailthru.oddities.empty_as = shape
    box.sailthru.create_profile("ann@example.com")
    reply = client.api_get("user", {"id": "ann@example.com", "key": "email"}).get_body()
    assert (reply["vars"], reply["lists"]) == (empty, empty)


def test_a_deleted_profile_is_gone(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile("ann@example.com")
    assert client.api_delete("user", {"id": "ann@example.com", "key": "email"}).is_ok()
    assert box.sailthru.profile("ann@example.com") is None


def test_lists_and_settings_are_shown(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile("ann@example.com", lists=["News"])
    (row,) = client.api_get("list", {}).get_body()["lists"]
    assert (row["name"], row["email_count"], row["type"]) == ("News", 1, "normal")
    assert client.api_get("list", {"list": "Nope"}).get_body()["error"] == 15
    assert client.api_get("settings", {}).get_body()["timezone"] == "America/New_York"
