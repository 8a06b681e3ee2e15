"""What is kept of a call to either system: enough to understand it, and nobody's address or secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.deciding.steps import AskHolder, CheckHolder, Create, LookUp, ReadBack, Write
from bridge.deciding.to_zendesk.steps import SetFields, TagTicket, TagUser
from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from bridge.facts import HEALTH
from consumers import telling
from consumers.consent import Edit
from consumers.outcomes import Failed, Found, Holder, NotFound
from consumers.to_zendesk import telling as back
from consumers.to_zendesk.outcomes import Alone, Done
from schemas.sailthru_records import Profile
from tests.bridge.remotes.still_clock import NOW

JANE = "jane.doe@example.com"
VARS = {
    "zendesk_tags": [f"t{number}" for number in range(30)],
    "zendesk_health": "neutral",
    "zendesk_tickets": {"991": {"subject": "My card 4111 was stolen"}},
    "anything_else": JANE,
}
STEPS: list[Any] = [
    Write("5f0a", VARS, email=JANE),
    Write("5f0a", VARS),
    Create(JANE, VARS),
    LookUp(JANE, "email"),
    LookUp("5f0a", "sid"),
    AskHolder(JANE),
    ReadBack("5f0a", ("991",)),
    CheckHolder(8),
]


@pytest.mark.parametrize("step", STEPS)
def test_no_request_tells_an_address_or_a_subject(step: Any) -> None:
    told = json.dumps(telling.request_of(step), ensure_ascii=False)
    assert "jane.doe" not in told
    assert "card" not in told


def test_a_write_tells_where_to_and_what_is_nobodys_secret() -> None:
    told = telling.request_of(STEPS[0])
    assert (told["call"], told["sid"], told["email"]) == ("POST /user", "5f0a", "j…@e….com")
    assert told["vars"]["zendesk_health"] == "neutral"
    assert told["vars"]["zendesk_tags"][-1] == "and 10 more"
    assert told["vars"]["zendesk_tickets"] == "1 entries"
    assert told["vars"]["anything_else"] == "20 characters"
    assert telling.request_of_edit("5f0a", Edit(lists={"News": 0}))["lists"] == {"News": 0}


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Found(Profile("5f0a", JANE, NOW)), {"sid": "5f0a", "email": "j…@e….com"}),
        (NotFound(), {"found": False}),
        (Holder(is_active=True), {"active": True}),
        (Failed(Refused("Sailthru", "bad_request", code="11")), {"refused": "bad_request", "code": "11"}),
        (Failed(SendAgain("Sailthru", "timeout")), {"no_answer": "timeout"}),
        (Failed(TryLater("Sailthru", "rate_limited")), {"later": "rate_limited"}),
        (Failed(BadCredentials("Sailthru")), {"credentials": "not accepted"}),
        (Failed(KeyError(JANE)), {"bug": "KeyError"}),
    ],
)
def test_a_reply_tells_what_came_of_it(outcome: Any, told: dict[str, Any]) -> None:
    assert telling.reply_of(outcome) == told


def test_the_way_back_tells_the_same() -> None:
    fields = SetFields({"sailthru_optout": "all", "sailthru_lists": "News\nSale", "sailthru_signup": None})
    assert back.request_of(7, fields, is_together=False) == {
        "call": "PUT /users/7",
        "user_fields": {"sailthru_optout": "all", "sailthru_lists": "9 characters", "sailthru_signup": None},
    }
    assert back.request_of(7, fields, is_together=True)["call"] == "PUT /users/update_many"
    assert back.request_of(7, TagUser("m", adds=True), is_together=False)["call"] == "PUT /users/7/tags"
    tag = TagTicket(991, HEALTH, adds=False)
    assert back.request_of(7, tag, is_together=False)["call"] == "DELETE /tickets/991/tags"
    assert back.reply_of(Done()) == {"ok": True}
    assert back.reply_of(Alone("no")) == {"refused": "no"}
