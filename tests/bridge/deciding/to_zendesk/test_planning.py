"""The next step of one customer's way back, by facts and by what Zendesk surely holds."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.clock import to_micros
from bridge.customer import Known
from bridge.deciding.projection import digest
from bridge.deciding.to_zendesk.planning import FIELDS_AGAIN, Standing, next_step
from bridge.deciding.to_zendesk.steps import AskFields, Rest, SetFields, Step, TagTicket, TagUser
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.facts import CustomerFacts
from bridge.ledger.events import APPLIED, DEAD, IGNORED
from bridge.ledger.learning import ZendeskWays
from bridge.zendesk_user import REFUSED, TAG, ZendeskUser
from schemas.installation import Options
from tests.bridge.deciding.to_zendesk.told import AT, NUMBER, facts_of

NOW = to_micros(AT)
ALL = {"sailthru_optout": 0, "sailthru_engagement": 0, "sailthru_value_score": 0}
WAYS = ZendeskWays(user_fields=ALL, fields_at=NOW)
NO_TAGS = ZendeskWays(user_fields=ALL, fields_at=NOW, has_user_tags=False)


def plan(
    facts: CustomerFacts, *, ways: ZendeskWays = WAYS, opened: tuple[int, ...] = (), **known: Any
) -> Step:
    held = {name: Known(mark, NOW) for name, mark in known.items()}
    user = ZendeskUser(1, NUMBER, known=held, opened=opened)
    return next_step(Standing(user, facts, Options(high_value_at=4), ways, NOW))


def valuable(score: int | None = 4, **more: Any) -> CustomerFacts:
    return facts_of(score=score, **{"tags": [], **more})


PAID_SCORE: dict[str, Any] = {"sailthru_value_score": digest(4)}


def test_what_differs_is_set_and_nothing_else() -> None:
    facts = facts_of(optout="all", engagement="active", tags=[])
    assert plan(facts, sailthru_engagement=digest("active")) == SetFields({"sailthru_optout": "all"})


def test_what_is_in_doubt_is_set_again() -> None:
    assert plan(facts_of(optout="all"), sailthru_optout="") == SetFields({"sailthru_optout": "all"})


def test_when_all_is_there_it_rests() -> None:
    assert plan(facts_of(optout="all"), sailthru_optout=digest("all")) == Rest(APPLIED)


@pytest.mark.parametrize("ways", [ZendeskWays(), ZendeskWays(ALL, NOW - FIELDS_AGAIN)])
def test_before_fields_are_written_the_account_is_asked_which_it_has(ways: ZendeskWays) -> None:
    assert plan(facts_of(optout="all"), ways=ways) == AskFields()


def test_when_no_field_is_owed_nobody_asks() -> None:
    assert plan(facts_of(optout="all"), ways=ZendeskWays(), sailthru_optout=digest("all")) == Rest()


def test_a_field_that_the_account_lacks_is_left_out() -> None:
    ways = ZendeskWays({"sailthru_optout": 0}, NOW)
    facts = facts_of(optout="all", engagement="active")
    assert plan(facts, ways=ways) == SetFields({"sailthru_optout": "all"})
    assert plan(facts, ways=ways, sailthru_optout=digest("all")) == Rest()


def test_a_field_made_anew_since_we_wrote_it_is_empty() -> None:
    ways = ZendeskWays({"sailthru_optout": NOW + 1}, NOW)
    assert plan(facts_of(optout="all"), ways=ways, sailthru_optout=digest("all")) == SetFields(
        {"sailthru_optout": "all"}
    )


def test_values_that_were_refused_wait_until_they_change() -> None:
    refused: dict[str, Any] = {REFUSED: digest({"sailthru_optout": "all"})}
    assert plan(facts_of(optout="all"), **refused) == Rest(DEAD, "refused")
    assert plan(facts_of(optout="basic"), **refused) == SetFields({"sailthru_optout": "basic"})


def test_the_tag_follows_the_fields() -> None:
    assert plan(valuable()) == SetFields({"sailthru_value_score": 4})
    assert plan(valuable(), **PAID_SCORE) == TagUser("high/4", adds=True)


def test_a_tag_that_is_there_needs_no_call() -> None:
    assert plan(valuable(tags=[HIGH_VALUE_TAG]), **PAID_SCORE) == Rest(settled={TAG: "high/4"})
    assert plan(valuable(2), sailthru_value_score=digest(2)) == Rest(settled={TAG: "low/2"})


def test_our_own_word_counts_until_zendesk_has_told_of_it() -> None:
    fallen = valuable(2)
    assert plan(fallen, sailthru_value_score=digest(2), tag="high/4") == TagUser("low/2", adds=False)
    assert plan(fallen, sailthru_value_score=digest(2), tag="") == TagUser("low/2", adds=False)
    assert plan(fallen, sailthru_value_score=digest(2), tag="low/3") == Rest(settled={TAG: "low/2"})


def test_an_agents_removal_stands_while_the_score_does() -> None:
    assert plan(valuable(), **PAID_SCORE, tag="high/4") == Rest(settled={TAG: "high/4"})
    assert plan(valuable(), **PAID_SCORE, tag="high/5") == TagUser("high/4", adds=True)


def test_without_a_score_the_tag_is_left_alone() -> None:
    facts = valuable(None, tags=[HIGH_VALUE_TAG])
    assert plan(facts, sailthru_value_score=digest(None), tag="high/4") == Rest()


def test_the_ticket_just_opened_comes_first_and_only_while_it_is_open() -> None:
    facts = valuable(tickets={991: "open", 992: "solved"})
    assert plan(facts, opened=(991, 992)) == TagTicket(991, "high/4", adds=True)
    assert plan(facts, opened=(992,), **PAID_SCORE, tag="high/4") == Rest(settled={TAG: "high/4"})
    assert plan(valuable(3, tickets={991: "open"}), opened=(991,), sailthru_value_score=digest(3)) == Rest(
        settled={TAG: "low/3"}
    )


@pytest.mark.parametrize("ways", [WAYS, NO_TAGS])
def test_where_users_have_no_tags_all_open_tickets_stand_for_them(ways: ZendeskWays) -> None:
    facts = valuable(tags=None, tickets={991: "open", 992: "solved", 993: "new"})
    ticket_done: dict[str, Any] = {"ticket/991": "high/4"}
    assert plan(facts, ways=ways) == TagTicket(991, "high/4", adds=True)
    assert plan(facts, ways=ways, **ticket_done) == TagTicket(993, "high/4", adds=True)
    done: dict[str, Any] = {"ticket/991": "high/4", "ticket/993": "high/4", **PAID_SCORE}
    assert plan(facts, ways=ways, **done) == Rest(settled={TAG: "high/4"})


def test_where_users_have_no_tags_a_fallen_score_untags_and_a_low_one_costs_nothing() -> None:
    facts = valuable(2, tags=None, tickets={991: "open"})
    known: dict[str, Any] = {"sailthru_value_score": digest(2)}
    assert plan(facts, **known, tag="high/4") == TagTicket(991, "low/2", adds=False)
    assert plan(facts, **known, tag="low/1") == plan(facts, **known) == Rest(settled={TAG: "low/2"})


@pytest.mark.parametrize(
    ("own", "why"),
    [({"role": "admin"}, "staff"), ({"active": False}, "inactive"), ({"sync": False}, "sync off")],
)
def test_of_whom_nothing_is_synced_nothing_is_planned(own: dict[str, Any], why: str) -> None:
    assert plan(valuable(optout="all", **own)) == Rest(IGNORED, why)
