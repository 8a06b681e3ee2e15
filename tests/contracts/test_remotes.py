"""Our Sailthru client against the stand-in, over real HTTP: what both say of the same wire must agree.

The Zendesk client has a file of its own, `test_remotes_zendesk.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sailthru.sailthru_client import SailthruClient

from bridge.clock import SystemClock
from bridge.errors import BadCredentials, Refused, SendAgain, TryLater
from bridge.remotes.rates import RateReading
from bridge.remotes.sailthru import Sailthru
from sandbox.sailthru import Sailthru as SandboxSailthru
from schemas.installation import SailthruAccount

ALL = ("keys", "vars", "lists", "engagement", "optout_email", "activity", "lifetime", "smart_lists")


@pytest.fixture
def stand_in() -> Iterator[SandboxSailthru]:
    stand_in = SandboxSailthru(SystemClock().now)
    stand_in.server.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def readings() -> list[RateReading]:
    return []


@pytest.fixture
def account(stand_in: SandboxSailthru) -> SailthruAccount:
    known = stand_in.account
    return SailthruAccount(url=stand_in.url, api_key=known.api_key, api_secret=known.api_secret)


@pytest.fixture
def sailthru(account: SailthruAccount, readings: list[RateReading]) -> Iterator[Sailthru]:
    client = Sailthru(account, clock=SystemClock(), on_rate=readings.append)
    yield client
    client.close()


def test_what_is_written_is_read_again(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    sid = stand_in.create_profile("anna@example.com", lists=["News"], engagement="active")
    stand_in.set_smart_lists("anna@example.com", ["Gold"])
    vars_of_anna = {
        "zendesk_id": 7,
        "zendesk_tags": ["ż", "vip"],
        "zendesk_active": True,
        "zendesk_tickets": {},
    }

    written = sailthru.write(sid, "sid", vars=vars_of_anna)
    profile = sailthru.profile("anna@example.com", "email", fields=ALL)

    assert (written.sid, written.email) == (sid, "anna@example.com")
    assert profile is not None
    assert profile.sid == sid
    assert profile.vars == vars_of_anna
    assert list(profile.lists) == ["News"]
    assert (profile.engagement, profile.optout_email) == ("active", "none")
    assert profile.smart_lists == ("Gold",)
    assert abs(profile.read_at - datetime.now(UTC)) < timedelta(seconds=5)


def test_an_address_changes_and_the_profile_stays(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    sid = stand_in.create_profile("old@example.com", lists=["News"])
    written = sailthru.write(sid, "sid", email="new@example.com")
    again = sailthru.write(sid, "sid", email="new@example.com")
    assert (written.sid, written.email) == (again.sid, again.email) == (sid, "new@example.com")
    assert sailthru.profile("old@example.com", "email", fields=["keys"]) is None


@pytest.mark.parametrize("status", [400, 409, 200])
def test_an_address_that_is_taken_is_refused_and_nothing_is_joined(
    sailthru: Sailthru, stand_in: SandboxSailthru, status: int
) -> None:
    stand_in.oddities.conflict_status = status
    sid = stand_in.create_profile("old@example.com")
    stand_in.create_profile("taken@example.com")
    with pytest.raises(Refused) as caught:
        sailthru.write(sid, "sid", email="taken@example.com")
    assert caught.value.reason == "email_conflict"
    assert "taken@" not in str(caught.value)
    assert stand_in.merges == []


def test_a_merge_is_made_only_when_asked_for(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    sid = stand_in.create_profile("old@example.com")
    stand_in.create_profile("taken@example.com")
    written = sailthru.write(sid, "sid", email="taken@example.com", keysconflict="merge")
    assert (written.sid, written.email) == (sid, "taken@example.com")
    assert len(stand_in.merges) == 1


@pytest.mark.parametrize("status", [None, 200, 404])
def test_nobody_is_found_whatever_the_status(
    sailthru: Sailthru, stand_in: SandboxSailthru, status: int | None
) -> None:
    stand_in.oddities.errors_status = status
    assert sailthru.profile("nobody@example.com", "email", fields=["keys"]) is None
    assert sailthru.profile("0" * 24, "sid", fields=["keys"]) is None
    with pytest.raises(Refused) as caught:
        sailthru.write("0" * 24, "sid", vars={"zendesk_id": 7})
    assert caught.value.reason == "profile_gone"
    assert stand_in.profiles() == []


@pytest.mark.parametrize("empty", ["object", "list", "null"])
@pytest.mark.parametrize("smart", ["list", "map", "null"])
def test_an_empty_profile_reads_the_same_in_every_form(
    sailthru: Sailthru, stand_in: SandboxSailthru, empty: str, smart: str
) -> None:
    stand_in.set_oddity("empty_as", empty)
    stand_in.set_oddity("smart_lists_as", smart)
    stand_in.create_profile("anna@example.com")
    profile = sailthru.profile("anna@example.com", "email", fields=ALL)
    assert profile is not None
    assert (profile.vars, profile.lists, profile.smart_lists) == ({}, {}, ())


def test_a_bad_address_is_refused(sailthru: Sailthru) -> None:
    with pytest.raises(Refused) as caught:
        sailthru.profile("no address", "email", fields=["keys"])
    assert caught.value.reason == "invalid_email"


@pytest.mark.parametrize("wrong", ["api_key", "api_secret"])
def test_wrong_credentials_are_told_from_all_else(account: SailthruAccount, wrong: str) -> None:
    known = {"api_key": account.api_key, "api_secret": account.api_secret} | {wrong: "wrong"}
    client = Sailthru(SailthruAccount(url=account.url, **known), clock=SystemClock(), on_rate=print)
    for probe in (client.settings, client.lists, lambda: client.write("a@b.test", "email")):
        with pytest.raises(BadCredentials):
            probe()
    client.close()


def test_the_quota_is_told_and_a_429_names_its_end(
    sailthru: Sailthru, stand_in: SandboxSailthru, readings: list[RateReading]
) -> None:
    stand_in.create_profile("anna@example.com")
    stand_in.set_limit("POST /user", 1)
    caught = None
    for _ in range(3):  # three, for the minute may turn in between
        try:
            sailthru.write("anna@example.com", "email", vars={})
        except TryLater as error:
            caught = error
    assert caught is not None
    assert caught.reason == "rate_limited"
    assert caught.after_s is not None
    assert 0 <= caught.after_s <= 61
    assert readings[0].bucket == "sailthru.user.post"
    assert (readings[0].limit, readings[0].remaining) == (1, 0)
    assert readings[0].reset_at is not None


def test_a_write_that_was_applied_without_an_answer_is_in_doubt(
    sailthru: Sailthru, stand_in: SandboxSailthru
) -> None:
    sid = stand_in.create_profile("anna@example.com")
    stand_in.faults.reset(method="POST", applied=True)
    with pytest.raises(SendAgain):
        sailthru.write(sid, "sid", vars={"zendesk_id": 7})
    profile = stand_in.by_sid(sid)
    assert profile is not None
    assert profile.vars == {"zendesk_id": 7}


def test_a_write_that_is_held_meets_our_deadline(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    sid = stand_in.create_profile("anna@example.com")
    held = stand_in.hold("POST")
    with pytest.raises(SendAgain) as caught:
        sailthru.write(sid, "sid", vars={"zendesk_id": 7}, timeout_s=0.2)
    assert caught.value.reason == "timeout"
    held.wait_arrived()
    held.release()
    assert sailthru.write(sid, "sid", vars={"zendesk_id": 8}).sid == sid


@pytest.mark.parametrize(
    ("code", "kind"), [(9, TryLater), (43, TryLater), (4, BadCredentials), (15, Refused)]
)
def test_the_stand_ins_errors_are_named(
    sailthru: Sailthru, stand_in: SandboxSailthru, code: int, kind: type[Exception]
) -> None:
    stand_in.fail_with(code)
    with pytest.raises(kind):
        sailthru.lists()


def test_lists_are_named_as_they_are(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    stand_in.add_lists("News", "Other ")
    stand_in.add_lists("Gold", smart=True)
    assert {(entry.name, entry.type) for entry in sailthru.lists()} == {
        ("News", "normal"),
        ("Other ", "normal"),
        ("Gold", "smart"),
    }


def test_a_hundred_threads_write_at_once(sailthru: Sailthru, stand_in: SandboxSailthru) -> None:
    sids = [stand_in.create_profile(f"p{number}@example.com") for number in range(100)]
    answered: list[str | None] = []

    def write(sid: str) -> None:
        answered.append(sailthru.write(sid, "sid", vars={"zendesk_sync": True}).sid)

    threads = [threading.Thread(target=write, args=(sid,)) for sid in sids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(filter(None, answered)) == sorted(sids)


def test_the_makers_own_client_sees_what_we_wrote(
    sailthru: Sailthru, stand_in: SandboxSailthru, account: SailthruAccount
) -> None:
    sailthru.write("zoë@example.com", "email", vars={"zendesk_id": 7})
    official = SailthruClient(account.api_key, account.api_secret, stand_in.url)
    answer = official.api_get("user", {"id": "zoë@example.com", "key": "email"})
    assert answer.is_ok()
    assert answer.get_body()["vars"] == {"zendesk_id": 7}
