"""Which word says how a customer stands: the weightiest of those that apply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.customer import Conflict, Customer, Link
from bridge.facts import CustomerFacts, Fact
from receiver.sidebar.known import Known
from receiver.sidebar.view import Profile, customer_view, kept, state_of
from schemas.installation import Options

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def facts(**stated: Any) -> CustomerFacts:
    told = {"role": "end-user", "active": True, "address": "ann@example.com", **stated}
    own = {
        name: Fact("user:7", name, value, NOW, "event", "e", 7)
        for name, value in told.items()
        if value is not None
    }
    return CustomerFacts(own, {})


def customer(**changed: Any) -> Customer:
    return Customer(1, 7, **{"read_at": 1, "state": "ok", "sid": "s1", **changed})


def conflict(reason: str, step: str = "blocked") -> Link:
    return Link(conflict=Conflict("new@example.com", step=step, reason=reason, holder_sid="s2"))


def kept_apart() -> Link:
    return Link(conflict=Conflict("new@example.com", "blocked", "email_conflict", is_apart=True))


CASES: dict[str, tuple[str, Customer | None, CustomerFacts]] = {
    "all well": ("ok", customer(), facts()),
    "being pushed": ("ok", customer(state="pushing"), facts()),
    "last push refused": ("ok", customer(state="refused"), facts()),
    "never heard of": ("waiting", None, CustomerFacts({}, {})),
    "not read yet": ("waiting", customer(read_at=None, state="waiting", sid=None), facts(role=None)),
    "not looked up yet": ("waiting", customer(state="pushing", sid=None), facts()),
    "an agent": ("staff", customer(state="staff", sid=None), facts(role="agent")),
    "an agent not read yet": ("staff", customer(read_at=None), facts(role="admin")),
    "deleted": ("deleted", customer(), facts(active=False)),
    "deleted for good": ("deleted", customer(state="not_in_zendesk"), facts()),
    "suspended": ("suspended", customer(), facts(suspended=True)),
    "suspended no more": ("ok", customer(), facts(suspended=False)),
    "in conflict": ("email_conflict", customer(link=conflict("email_conflict")), facts()),
    "taken by a living one": ("email_taken", customer(link=conflict("email_taken")), facts()),
    "kept apart by a person": ("ok", customer(link=kept_apart()), facts()),
    "a conflict not decided yet": ("ok", customer(link=conflict("", "check")), facts()),
    "its profile is another's": ("email_taken", customer(state="taken", sid=None), facts()),
    "switched off": ("sync_off", customer(), facts(sync=False)),
    "switched off and in conflict": (
        "email_conflict",
        customer(link=conflict("email_conflict")),
        facts(sync=False),
    ),
    "no address": ("no_email", customer(state="no_email", sid=None), facts(address=None)),
    "no profile": ("no_profile", customer(state="no_profile", sid=None), facts()),
    "profile gone": ("profile_gone", customer(state="profile_gone", sid=None), facts()),
}


def view(known: Known, profile: Profile | None = None, **options: Any) -> dict[str, Any]:
    return customer_view(
        known,
        profile or kept(known.facts),
        Options(**options),
        has_scores=False,
        seal=lambda seen: str(seen.to_record()),
    )


def test_each_case_has_its_word() -> None:
    found = {case: state_of(Known(7, who, told), kept(told)) for case, (_, who, told) in CASES.items()}
    assert found == {case: word for case, (word, _, _) in CASES.items()}


@pytest.mark.parametrize(
    ("case", "allowed", "can_create"),
    [
        ("no profile", True, True),
        ("no profile", False, False),
        ("profile gone", True, False),
        ("no address", True, False),
        ("all well", True, False),
        ("an agent", True, False),
    ],
)
def test_a_profile_is_created_only_where_there_never_was_one_and_it_is_allowed(
    case: str, allowed: bool, can_create: bool
) -> None:
    _, who, told = CASES[case]
    shown = view(Known(7, who, told), create_profiles=allowed)
    assert shown["customer"]["can_create"] is can_create


def test_the_owner_of_a_profile_at_the_same_address_is_named_and_nothing_merged() -> None:
    shown = view(Known(7, customer(state="taken", sid=None, address="a@b.com"), facts(), owner=(8, "s8")))
    assert shown["conflict"] == {
        "address": "a@b.com",
        "kind": "email_taken",
        "held": None,
        "other": {"sid": "s8", "address": "a@b.com", "zendesk_id": 8},
        "can_merge": False,
    }


def test_a_profile_link_takes_what_it_is_given_as_text() -> None:
    told = facts(address='a&b="c"/../@example.com')
    shown = view(Known(7, customer(sid="s/1?"), told), profile_link="https://x.example.com/{sid}?e={email}")
    link = shown["customer"]["profile_link"]
    assert link == "https://x.example.com/s%2F1%3F?e=a%26b%3D%22c%22%2F..%2F%40example.com"


@pytest.mark.parametrize(
    ("score", "high_at", "shown"),
    [(4, 4, True), (3, 4, False), (3, 3, True), (1, 1, True), (4, 5, False)],
)
def test_a_high_value_begins_where_the_installation_says(score: int, high_at: int, shown: bool) -> None:
    profile = Profile({"sailthru/score": score}, NOW, is_live=True)
    found = view(Known(7, customer(), facts()), profile, high_value_at=high_at)
    assert found["score"] == {"value": score, "is_high": shown}
