"""What Zendesk should hold of a customer, by the facts alone."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.deciding.to_zendesk.projection import LONGEST_TEXT, open_tickets, why_nothing, zendesk_user
from schemas.installation import Options
from tests.bridge.deciding.to_zendesk.told import facts_of

OPTIONS = Options()


def test_a_profile_never_read_wants_nothing() -> None:
    wanted = zendesk_user(facts_of(), OPTIONS)
    assert (wanted.fields, wanted.score, wanted.is_high_value) == ({}, None, None)


def test_what_the_profile_does_not_say_empties_its_field() -> None:
    wanted = zendesk_user(
        facts_of(optout="none", engagement=None, signup=None, score=None, lists={}), OPTIONS
    )
    assert wanted.fields == {
        "sailthru_optout": "none",
        "sailthru_engagement": None,
        "sailthru_value_score": None,
        "sailthru_lists": None,
        "sailthru_signup": None,
    }


@pytest.mark.parametrize(
    ("tickets", "is_current"),
    [({}, False), ({991: "solved", 992: "closed"}, False), ({991: "solved", 992: "hold"}, True)],
)
def test_dates_of_activity_are_kept_while_a_ticket_is_unsolved(
    tickets: dict[int, str], is_current: bool
) -> None:
    facts = facts_of(tickets=tickets, last_open="2026-11-20T08:00:00Z", signup="2025-01-01T00:00:00Z")
    fields = zendesk_user(facts, OPTIONS).fields
    assert fields["sailthru_signup"] == "2025-01-01"
    assert fields.get("sailthru_last_open") == ("2026-11-20" if is_current else None)
    assert ("sailthru_last_open" in fields) == is_current


@pytest.mark.parametrize(("score", "is_high"), [(None, None), (1, False), (3, False), (4, True)])
def test_who_is_valuable_is_the_options_word(score: int | None, is_high: bool | None) -> None:
    assert zendesk_user(facts_of(score=score), Options(high_value_at=4)).is_high_value is is_high


def test_lists_are_one_a_line_in_order_and_never_too_many() -> None:
    fields = zendesk_user(facts_of(lists={"b": None, "a\nname": "2026-01-01T00:00:00Z"}), OPTIONS).fields
    assert fields["sailthru_lists"] == "a name\nb"
    many = {f"list number {number:05}": None for number in range(9_000)}
    text = zendesk_user(facts_of(lists=many), OPTIONS).fields["sailthru_lists"]
    assert len(text) <= LONGEST_TEXT
    assert text.splitlines()[-1] in many


@pytest.mark.parametrize(
    ("own", "why"),
    [({}, ""), ({"role": "agent"}, "staff"), ({"active": False}, "inactive"), ({"sync": False}, "sync off")],
)
def test_of_some_customers_nothing_is_written(own: dict[str, Any], why: str) -> None:
    assert why_nothing(facts_of(**own)) == why


def test_open_tickets_are_those_that_are_not_solved() -> None:
    assert open_tickets(facts_of(tickets={5: "open", 3: "new", 4: "solved"})) == [3, 5]
