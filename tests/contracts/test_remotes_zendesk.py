"""Our Zendesk client against the stand-in, over real HTTP: what both say of the same wire must agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.clock import SystemClock
from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from bridge.remotes.rates import RateReading
from bridge.remotes.zendesk import Zendesk
from sandbox.zendesk import Zendesk as SandboxZendesk
from schemas.installation import ZendeskAccount
from schemas.spelling import iso


@pytest.fixture
def stand_in() -> Iterator[SandboxZendesk]:
    stand_in = SandboxZendesk(SystemClock().now)
    stand_in.server.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def readings() -> list[RateReading]:
    return []


@pytest.fixture
def oauth(stand_in: SandboxZendesk) -> ZendeskAccount:
    known = stand_in.account
    return ZendeskAccount(
        url=stand_in.url,
        oauth_client_id=known.oauth_client_id,
        oauth_client_secret=known.oauth_client_secret,
    )


@pytest.fixture
def legacy(stand_in: SandboxZendesk) -> ZendeskAccount:
    known = stand_in.account
    return ZendeskAccount(url=stand_in.url, email=known.email, api_token=known.api_token)


@pytest.fixture
def zendesk(oauth: ZendeskAccount, readings: list[RateReading]) -> Iterator[Zendesk]:
    client = Zendesk(oauth, clock=SystemClock(), on_rate=readings.append)
    yield client
    client.close()


def tokens_asked_for(stand_in: SandboxZendesk) -> int:
    return sum(call.path == "/oauth/tokens" for call in stand_in.calls)


def test_a_user_is_read_as_zendesk_has_it(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    anna = stand_in.create_user("Anna@Example.com", tags=["vip", "gold"])

    reading = zendesk.user(anna.id)

    assert reading is not None
    user = reading.value
    assert (user.id, user.email, user.role, user.active) == (anna.id, "anna@example.com", "end-user", True)
    assert user.tags == ("gold", "vip")
    assert user.created_at == iso(anna.created_at)
    assert abs(reading.sent_at - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_deleted_user_reads_as_not_active_and_an_unknown_one_as_none(
    zendesk: Zendesk, stand_in: SandboxZendesk
) -> None:
    anna = stand_in.create_user("anna@example.com")
    stand_in.delete_user(anna.id)
    reading = zendesk.user(anna.id)
    assert reading is not None
    assert (reading.value.active, reading.value.email) == (False, None)
    assert zendesk.user(404) is None
    assert zendesk.ticket(404) is None
    assert zendesk.tickets_of(404) is None


def test_an_account_without_user_tags_says_nothing_of_them(
    zendesk: Zendesk, stand_in: SandboxZendesk
) -> None:
    stand_in.oddities.user_tagging = False
    reading = zendesk.user(stand_in.create_user("anna@example.com", tags=["vip"]).id)
    assert reading is not None
    assert reading.value.tags is None


def test_a_hundred_users_cost_one_call(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    ids = [stand_in.create_user(f"p{number}@example.com").id for number in range(99)]
    zendesk.me()
    stand_in.forget_calls()
    found = zendesk.users([*ids, 404]).value
    assert sorted(user.id for user in found) == sorted(ids)
    assert len(stand_in.calls) == 1


def test_every_ticket_of_a_customer_is_read(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    anna = stand_in.create_user("anna@example.com")
    made = [stand_in.create_ticket(anna.id).id for _ in range(205)]
    stand_in.delete_ticket(made.pop())

    found: list[int] = []
    after, pages = None, 0
    while True:
        reading = zendesk.tickets_of(anna.id, after)
        assert reading is not None
        found += [ticket.id for ticket in reading.value.items]
        after, pages = reading.value.after, pages + 1
        if after is None:
            break

    assert sorted(found) == sorted(made)
    assert pages == 3


def test_a_customer_without_tickets_has_one_empty_page(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    reading = zendesk.tickets_of(stand_in.create_user("anna@example.com").id)
    assert reading is not None
    assert (reading.value.items, reading.value.after) == ((), None)


def test_a_private_ticket_keeps_its_subject_to_itself(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    anna = stand_in.create_user("anna@example.com")
    public = stand_in.create_ticket(anna.id, subject="Zażółć ✓", channel="web")
    private = stand_in.create_ticket(anna.id, subject="my illness", public=False)
    seen, hidden = zendesk.ticket(public.id), zendesk.ticket(private.id)
    assert seen is not None
    assert hidden is not None
    assert (seen.value.subject, seen.value.requester_id, seen.value.status) == ("Zażółć ✓", anna.id, "open")
    assert (hidden.value.subject, hidden.value.public) == ("", False)


def test_one_token_serves_until_zendesk_takes_it_back(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    anna = stand_in.create_user("anna@example.com")
    for _ in range(3):
        zendesk.user(anna.id)
    assert tokens_asked_for(stand_in) == 1

    stand_in.expire_tokens()
    zendesk.put(f"/api/v2/users/{anna.id}/tags", {"tags": ["vip"]})

    assert tokens_asked_for(stand_in) == 2
    assert stand_in.user(anna.id).tags == ("vip",)


def test_a_wrong_client_is_bad_credentials(oauth: ZendeskAccount) -> None:
    client = Zendesk(replace(oauth, oauth_client_secret="wrong"), clock=SystemClock(), on_rate=print)
    with pytest.raises(BadCredentials):
        client.user(7)
    client.close()


def test_the_legacy_way_in_works_and_a_wrong_token_does_not(legacy: ZendeskAccount) -> None:
    client = Zendesk(legacy, clock=SystemClock(), on_rate=lambda _reading: None)
    assert client.me().user.role == "admin"
    client.close()
    client = Zendesk(replace(legacy, api_token="wrong"), clock=SystemClock(), on_rate=print)
    with pytest.raises(BadCredentials):
        client.me()
    client.close()


def test_the_clocks_of_one_machine_agree(zendesk: Zendesk) -> None:
    skew_s = zendesk.me().skew_s
    assert skew_s is not None
    assert abs(skew_s) < 5


@pytest.mark.parametrize("spelling", ["all", "x-rate-limit", "rate-limit", "ratelimit"])
def test_the_quota_is_told_in_every_spelling(
    zendesk: Zendesk, stand_in: SandboxZendesk, readings: list[RateReading], spelling: str
) -> None:
    stand_in.set_oddity("rate_headers", spelling)
    zendesk.me()
    zendesk.me()
    assert [reading.bucket for reading in readings] == ["zendesk", "zendesk"]
    assert readings[0].limit == 700
    assert readings[1].remaining is not None
    assert readings[1].remaining < 700


def test_a_429_names_the_wait(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    stand_in.set_limit("account", 1)
    caught = None
    for _ in range(3):  # three, for the minute may turn in between
        try:
            zendesk.me()
        except TryLater as error:
            caught = error
    assert caught is not None
    assert caught.reason == "rate_limited"
    assert caught.after_s is not None
    assert 1 <= caught.after_s <= 61


def test_a_write_without_an_answer_is_in_doubt_and_a_read_is_not(
    zendesk: Zendesk, stand_in: SandboxZendesk
) -> None:
    anna = stand_in.create_user("anna@example.com")
    zendesk.me()
    stand_in.faults.reset(method="PUT", applied=True)
    with pytest.raises(SendAgain):
        zendesk.put(f"/api/v2/users/{anna.id}/tags", {"tags": ["vip"]})
    assert stand_in.user(anna.id).tags == ("vip",)

    stand_in.faults.reset(method="GET")
    with pytest.raises(TryLater) as caught:
        zendesk.user(anna.id)
    assert type(caught.value) is TryLater


def test_a_missing_record_and_a_wrong_address_are_told_apart(zendesk: Zendesk) -> None:
    with pytest.raises(Refused) as caught:
        zendesk.post("/api/v2/users/404/tags", {"tags": ["vip"]})
    assert caught.value.reason == "not_found"
    with pytest.raises(Refused) as caught:
        zendesk.get("/api/v2/nothing_here")
    assert caught.value.reason == "bad_request"


def test_tags_are_added_and_removed_one_by_one(zendesk: Zendesk, stand_in: SandboxZendesk) -> None:
    anna = stand_in.create_user("anna@example.com", tags=["vip"])
    zendesk.put(f"/api/v2/users/{anna.id}/tags", {"tags": ["sailthru_highvalue"]})
    assert stand_in.user(anna.id).tags == ("sailthru_highvalue", "vip")
    zendesk.delete(f"/api/v2/users/{anna.id}/tags", {"tags": ["sailthru_highvalue"]})
    assert stand_in.user(anna.id).tags == ("vip",)
