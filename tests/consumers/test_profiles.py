"""What a reading of a profile states: everything that Sailthru owns, every time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from bridge import facts
from bridge.profiles import STATED
from consumers import profiles
from schemas.installation import Options
from schemas.sailthru_records import profile
from tests.bridge.remotes.still_clock import NOW

JANE = {
    "keys": {"sid": "s", "email": "jane@example.com"},
    "vars": {"customer_value_score": 4, "pv_30": "88.5", "purchase_30": 3.0, "name": "Jane"},
    "lists": {"Main": "Wed, 17 Aug 2016 05:58:07 -0400"},
    "engagement": "Active",
    "optout_email": "basic",
    "activity": {
        "signup_time": "Mon, 04 Jan 2016 10:00:00 -0500",
        "open_time": "Sat, 21 Nov 2026 10:00:00 -0500",
        "view_time": "soon",
    },
    "lifetime": {"lifetime_open": 5, "lifetime_purchase_price": 1999},
    "purchases": [
        {"price": 1999, "time": "Tue, 17 Nov 2026 10:00:00 -0500"},
        {"price": 500, "time": "Mon, 02 Nov 2026 10:00:00 -0500"},
        "nonsense",
    ],
}


def stated(shown: dict[str, Any], **more: Any) -> dict[str, Any]:
    options = Options(predictions=("pv_30", "purchase_30", "rev_365"))
    found = profiles.profile_facts(7, profile(shown, NOW), options, NOW, "r1", **more)
    assert {(one.subject, one.zendesk_id, one.at, one.origin, one.event_id) for one in found} == {
        ("user:7", 7, NOW, "reading", "r1")
    }
    return {one.field: one.value for one in found}


def test_a_profile_is_stated_whole() -> None:
    assert stated(JANE) == {
        facts.OPTOUT: "basic",
        facts.ENGAGEMENT: "active",
        facts.SCORE: 4,
        facts.LISTS: {"Main": "2016-08-17T09:58:07Z"},
        facts.SIGNUP: "2016-01-04T15:00:00Z",
        facts.LAST_OPEN: "2026-11-21T15:00:00Z",
        facts.LAST_CLICK: None,
        facts.LAST_PAGEVIEW: None,
        facts.LAST_PURCHASE: "2026-11-17T15:00:00Z",
        facts.LAST_LOGIN: None,
        facts.LIFETIME: {"opens": 5, "revenue_cents": 1999},
        facts.PREDICTIONS: {"pv_30": 88.5, "purchase_30": 3},
    }


def test_what_a_reply_leaves_out_is_stated_as_nothing() -> None:
    empty = stated({"keys": {"sid": "s"}, "vars": None, "lists": [], "activity": None, "lifetime": []})
    assert set(empty) == set(STATED)
    assert empty.pop(facts.LISTS) == {}
    assert set(empty.values()) == {None}


def test_a_profile_that_is_gone_says_nothing_at_all() -> None:
    gone = profiles.profile_is_gone(7, NOW, "r2")
    assert {one.field for one in gone} == set(STATED)
    assert {one.value for one in gone} == {None}


def test_every_field_that_the_bridge_knows_of_sailthru_is_stated() -> None:
    known = {value for name, value in vars(facts).items() if name.isupper() and name != "SAILTHRU_PREFIX"}
    owned = {value for value in known if isinstance(value, str) and value.startswith(facts.SAILTHRU_PREFIX)}
    assert owned == set(STATED)


def test_a_time_without_offset_takes_the_accounts_zone() -> None:
    shown = {**JANE, "activity": {"open_time": "2026-11-21T10:00:00"}}
    assert profiles.lacks_offsets(profile(shown, NOW))
    assert not profiles.lacks_offsets(profile(JANE, NOW))
    zone = ZoneInfo("America/New_York")
    assert stated(shown, zone=zone)[facts.LAST_OPEN] == "2026-11-21T15:00:00Z"
