"""What a profile holds, how GET /user shows it, and how old a read may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sailthru.sailthru_client import SailthruClient

from sandbox import Sandbox
from tests.sandbox.conftest import HandClock

ANN = "ann@example.com"
DOCUMENTED = (
    "activity",
    "device",
    "engagement",
    "keys",
    "lifetime",
    "lists",
    "optout_email",
    "purchase_incomplete",
    "purchases",
    "smart_lists",
    "vars",
)


def read(client: SailthruClient, *fields: str, **more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"id": ANN, "key": "email", **more}
    if fields:
        asked["fields"] = dict.fromkeys(fields, 1)
    body: dict[str, Any] = client.api_get("user", asked).get_body()
    return body


def test_what_a_person_does_shows_in_activity_and_lifetime(
    box: Sandbox, client: SailthruClient, clock: HandClock
) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.sign_up(ANN, signed_up_at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    for _ in range(2):
        clock.move(60)
        box.sailthru.open(ANN)
    clock.move(60)
    box.sailthru.click(ANN)
    clock.move(60)
    box.sailthru.view(ANN)
    box.sailthru.log_in(ANN)

    shown = read(client, "activity", "lifetime")

    assert shown["activity"] == {
        "create_time": "Sun, 22 Nov 2026 04:55:16 -0500",
        "signup_time": "Wed, 01 Jan 2020 22:04:05 -0500",
        "open_time": "Sun, 22 Nov 2026 04:57:16 -0500",
        "click_time": "Sun, 22 Nov 2026 04:58:16 -0500",
        "view_time": "Sun, 22 Nov 2026 04:59:16 -0500",
        "login_time": "Sun, 22 Nov 2026 04:59:16 -0500",
    }
    assert shown["lifetime"] == {"lifetime_open": 2, "lifetime_click": 1, "lifetime_pv": 1}


def test_a_purchase_empties_the_basket_and_counts_in_cents(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.abandon(ANN, 1999)
    (left,) = read(client, "purchase_incomplete")["purchase_incomplete"]
    assert (left["price"], left["time"]) == (1999, "Sun, 22 Nov 2026 04:55:16 -0500")
    box.sailthru.purchase(ANN, 1999, items=[{"id": "a", "qty": 2, "price": 999}, {"id": "b", "price": 1}])
    box.sailthru.purchase(ANN, 1)

    shown = read(client, "purchases", "purchase_incomplete", "lifetime")

    assert [each["price"] for each in shown["purchases"]] == [1999, 1]
    assert [each["qty"] for each in shown["purchases"]] == [3, 1]
    assert shown["purchase_incomplete"] == []
    assert shown["lifetime"] == {"lifetime_purchase": 2, "lifetime_purchase_price": 2000}


def test_opting_out_is_dated(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.set_optout(ANN, "basic")
    shown = read(client, "activity", "optout_email")
    assert shown["optout_email"] == "basic"
    assert shown["activity"]["optout_time"] == "Sun, 22 Nov 2026 04:55:16 -0500"


def test_exactly_the_documented_fields_can_be_chosen(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.predict(ANN, pv_30=61.5)
    assert read(client, *DOCUMENTED).keys() == {*DOCUMENTED}
    assert read(client, "predictions", "pv_30", "name") == {}
    assert read(client).keys() == {"keys", "vars", "lists", "engagement", "optout_email"}
    assert read(client, fields={"keys": 1, "vars": 0}).keys() == {"keys"}


@pytest.mark.parametrize(
    ("where", "asked", "expected"),
    [
        ("nowhere", ("vars",), {"vars": {"a": 1}}),
        ("vars", ("vars",), {"vars": {"a": 1, "pv_30": 61.5}}),
        ("vars", ("lists",), {"lists": {}}),
        ("top", ("vars",), {"vars": {"a": 1}, "pv_30": 61.5}),
        ("predictions", ("vars",), {"vars": {"a": 1}, "predictions": {"pv_30": 61.5}}),
    ],
)
def test_predictions_may_come_uninvited(
    box: Sandbox, client: SailthruClient, where: Any, asked: tuple[str, ...], expected: dict[str, Any]
) -> None:
    box.sailthru.create_profile(ANN, vars={"a": 1})
    box.sailthru.predict(ANN, pv_30=61.5)
    box.sailthru.oddities.predictions_in = where
    assert read(client, *asked) == expected


def test_smart_lists_are_entered_and_left(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.put_in_smart_list(ANN, "Top")
    box.sailthru.put_in_smart_list(ANN, "Loyal")
    box.sailthru.take_from_smart_list(ANN, "Top")
    assert read(client, "smart_lists") == {"smart_lists": ["Loyal"]}


@pytest.mark.parametrize(
    ("shape", "shown"), [("list", ["Top"]), ("map", {"Top": 1}), ("null", None), ("absent", ...)]
)
def test_smart_lists_come_in_four_shapes(
    box: Sandbox, client: SailthruClient, shape: Any, shown: Any
) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.put_in_smart_list(ANN, "Top")
    box.sailthru.oddities.smart_lists_as = shape
    assert read(client, "smart_lists").get("smart_lists", ...) == shown


def test_what_there_is_not_may_be_missing(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN, engagement=None)
    box.sailthru.oddities.empty_as = "absent"
    box.sailthru.oddities.none_as = "absent"
    shown = read(client, *DOCUMENTED)
    assert shown.keys() == {
        "activity",
        "keys",
        "optout_email",
        "purchases",
        "purchase_incomplete",
        "smart_lists",
    }
    assert shown["keys"].keys() == {"sid", "cookie", "email"}


def test_a_score_is_a_var(box: Sandbox, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.set_score(ANN, 4)
    box.sailthru.set_score(ANN, 88.5, var="rev_pct")
    assert read(client)["vars"] == {"customer_value_score": 4, "rev_pct": 88.5}
    box.sailthru.set_score(ANN, None)
    assert read(client)["vars"] == {"rev_pct": 88.5}


def test_a_person_is_named_by_address_or_sid(box: Sandbox) -> None:
    sid = box.sailthru.create_profile(None)
    box.sailthru.set_vars(sid, a=1)
    profile = box.sailthru.by_sid(sid)
    assert profile is not None
    assert profile.vars == {"a": 1}
    with pytest.raises(LookupError):
        box.sailthru.open("nobody@example.com")


def test_one_profile_may_lag_while_others_are_up_to_date(
    box: Sandbox, client: SailthruClient, clock: HandClock
) -> None:
    box.sailthru.create_profile(ANN, vars={"a": 1})
    box.sailthru.create_profile("bob@example.com", vars={"a": 1})
    clock.move(60)
    box.sailthru.lag(ANN, 5)
    box.sailthru.set_vars(ANN, a=2)
    box.sailthru.set_vars("bob@example.com", a=2)
    assert read(client)["vars"] == {"a": 1}
    assert read(client, id="bob@example.com")["vars"] == {"a": 2}
    clock.move(5)
    assert read(client)["vars"] == {"a": 2}
    box.sailthru.set_vars(ANN, a=3)
    box.sailthru.lag(ANN, None)
    assert read(client)["vars"] == {"a": 3}


def test_an_address_lags_with_its_profile(box: Sandbox, client: SailthruClient, clock: HandClock) -> None:
    sid = box.sailthru.create_profile("old@example.com")
    clock.move(60)
    box.sailthru.consistency_s = 5
    box.sailthru.change_address("old@example.com", ANN)
    assert read(client)["error"] == 99
    assert read(client, id="old@example.com")["keys"]["sid"] == sid
    clock.move(5)
    assert read(client)["keys"]["sid"] == sid
    assert read(client, id="old@example.com")["error"] == 99


def test_a_deleted_profile_shows_until_the_lag_is_over(
    box: Sandbox, client: SailthruClient, clock: HandClock
) -> None:
    sid = box.sailthru.create_profile(ANN)
    clock.move(60)
    box.sailthru.lag(sid, 5)
    box.sailthru.delete_profile(sid)
    assert read(client, id=sid, key="sid")["keys"]["email"] == ANN
    clock.move(5)
    assert read(client, id=sid, key="sid")["errormsg"] == f"User not found with sid: {sid}"


def test_reads_may_flap_between_old_and_new(box: Sandbox, client: SailthruClient, clock: HandClock) -> None:
    box.sailthru.create_profile(ANN, vars={"a": 1})
    clock.move(60)
    box.sailthru.consistency_s = 5
    box.sailthru.oddities.fresh_fraction = 0.5
    box.sailthru.set_vars(ANN, a=2)
    assert {read(client)["vars"]["a"] for _ in range(40)} == {1, 2}


def test_a_write_never_meets_an_old_state(box: Sandbox, client: SailthruClient, clock: HandClock) -> None:
    box.sailthru.create_profile(ANN, vars={"a": 1})
    clock.move(60)
    box.sailthru.consistency_s = 5
    first, second = (
        client.api_post("user", {"id": ANN, "vars": {name: 2}, "fields": {"vars": 1}}) for name in ("b", "c")
    )
    assert first.get_body()["vars"] == {"a": 1, "b": 2}
    assert second.get_body()["vars"] == {"a": 1, "b": 2, "c": 2}


@pytest.mark.parametrize("leads", ["gone", "follows"])
def test_the_sid_of_a_merged_profile_is_unknown_or_leads_to_the_other(
    box: Sandbox, client: SailthruClient, leads: Any
) -> None:
    gone = box.sailthru.create_profile("old@example.com", vars={"b": 2}, optout_email="all")
    kept = box.sailthru.create_profile(ANN, vars={"a": 1})
    box.sailthru.oddities.merged_sid = leads
    box.sailthru.merge("old@example.com", ANN)
    shown = read(client, id=gone, key="sid")
    if leads == "gone":
        assert shown["error"] == 99
    else:
        assert shown["keys"]["sid"] == kept
    assert (read(client)["vars"], read(client)["optout_email"]) == ({"a": 1, "b": 2}, "all")
    assert box.sailthru.profile("old@example.com") is None
