"""The one call that draws the page: what is known, how fresh it is, and what cannot be said."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bridge import pausing
from bridge.clock import to_micros
from bridge.ledger import dead, directions, quotas
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import Direction
from sandbox.web.faults import Fault
from sandbox.web.messages import Reply, Silence
from tests.receiver.sidebar.seat import Seat

Seats = Callable[..., Seat]


def act_of(seat: Seat, user: int, kind: str, value: Any) -> None:
    """An agent's action that has reached the profile."""
    seat.act(user, kind, value)
    seat.story.world.work()


def state(seat: Seat, user: int) -> str:
    return str(seat.look(user)["customer"]["state"])


def test_a_linked_customer_is_shown_with_its_profile(seats: Seats) -> None:
    # given a customer with a rich profile
    seat = seats(predictions=("pv_30", "purchase_30"), profile_link="https://my.example.com/{sid}?e={email}")
    sailthru = seat.story.sailthru
    ann = seat.story.person("ann+x@example.com", vars={"customer_value_score": 4, "pv_30": "12.5"})
    sailthru.set_optout("ann+x@example.com", "basic")
    sailthru.set_engagement("ann+x@example.com", "active")
    sailthru.join_list("ann+x@example.com", "Offers")
    # when an agent looks at it
    view = seat.look(ann.id)
    # then it is as Sailthru has it now
    assert view["customer"] == {
        "zendesk_id": ann.id,
        "address": "ann+x@example.com",
        "state": "ok",
        "profile_link": f"https://my.example.com/{ann.sid}?e=ann%2Bx%40example.com",
        "sid": ann.sid,
        "can_create": False,
    }
    assert view["freshness"] == {
        "read_at": "2026-11-22T10:00:05.000Z",
        "source": "live",
        "problem": None,
    }
    assert view["score"] == {"value": 4, "is_high": True}
    assert view["predictions"] == [{"name": "pv_30", "value": 12.5}, {"name": "purchase_30", "value": None}]
    assert view["engagement"] == "active"
    assert [one["name"] for one in view["lists"]] == ["News", "Offers"]
    assert all(one["signed_up_at"].endswith("Z") for one in view["lists"])
    assert view["optout"]["value"] == "basic"
    assert view["sync"] == {"on": True, "set_by": None, "set_at": None}
    assert view["health"] == {"value": None, "set_by": None, "set_at": None}
    assert view["conflict"] is None
    assert view["actions"] == []


def test_lifetime_and_activity_are_those_of_the_profile(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    now = seat.story.clock.now()
    done = {"lifetime_open": 1, "lifetime_purchase_price": 12345}
    seat.story.sailthru.record("ann@example.com", activity={"open_time": now}, lifetime=done)
    view = seat.look(ann.id)
    assert view["activity"]["last_open"] == "2026-11-22T10:00:05Z"
    assert view["activity"]["last_purchase"] is None
    assert view["activity"].keys() == {
        *("signup", "last_pageview", "last_open", "last_click", "last_purchase", "last_login")
    }
    assert view["lifetime"]["opens"] == 1
    assert view["lifetime"]["revenue_cents"] == 12345
    assert view["lifetime"]["messages"] in (None, 0)
    assert view["lifetime"]["currency"] == "USD"


def test_the_first_view_is_one_call_to_sailthru_and_a_second_soon_after_none(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    for _ in range(3):
        seat.look(ann.id)
    assert [(call.method, call.path) for call in seat.story.sailthru.calls] == [("GET", "/user")]
    seat.story.clock.move(11)
    seat.look(ann.id)
    assert len(seat.story.sailthru.calls) == 2


def test_which_lists_there_are_is_read_when_asked_for_and_once_in_five_minutes(seat: Seat) -> None:
    seat.story.sailthru.add_lists("Offers", "Weekly")
    for _ in range(3):
        assert seat.lists() == ["Offers", "Weekly"]
    assert [(call.method, call.path) for call in seat.story.sailthru.calls] == [("GET", "/list")]
    seat.story.clock.move(301)
    seat.sit()
    seat.lists()
    assert len(seat.story.sailthru.calls) == 2


def test_while_sailthru_is_away_the_lists_are_those_read_last(seat: Seat) -> None:
    seat.story.sailthru.add_lists("Weekly")
    seat.lists()
    seat.story.clock.move(301)
    seat.sit()
    seat.story.sailthru.faults.answer(503, None, times=None)
    assert seat.lists() == ["Weekly"]


def test_refresh_reads_anew_and_has_the_facts_read_too(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.look(ann.id)
    seat.story.clock.move(3)
    seat.look(ann.id, fresh=True)
    assert len(seat.read_calls()) == 2
    kinds = [wait.kind for wait in seat.story.world.waits_of(f"user:{ann.id}")]
    assert "profile" in kinds
    # pressed again at once, it asks nobody
    seat.look(ann.id, fresh=True)
    assert len(seat.read_calls()) == 2


def test_looking_writes_no_facts(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.story.sailthru.set_optout("ann@example.com", "all")
    assert seat.look(ann.id)["optout"]["value"] == "all"
    assert seat.story.world.customer(ann.id).owed is False


def test_a_customer_never_seen_is_met_and_shown_in_a_moment(seat: Seat) -> None:
    seat.story.sailthru.create_profile("new@example.com", lists=["News"])
    number = seat.story.stranger("new@example.com")
    assert state(seat, number) == "waiting"
    seat.story.later(5)
    assert state(seat, number) == "ok"


def test_whom_zendesk_does_not_know_there_is_no_page_for(seat: Seat) -> None:
    assert state(seat, 987654) == "waiting"
    seat.story.later(120)
    response = seat.call("GET", "customer?user=987654")
    assert (response.status_code, response.json) == (404, {"error": "unknown_customer"})


@pytest.mark.parametrize("query", ["", "user=", "user=x", "user=0", "user=-1", f"user={2**63}", "user=1.5"])
def test_without_a_user_there_is_nothing_to_show(seat: Seat, query: str) -> None:
    assert seat.call("GET", f"customer?{query}").status_code == 400


def test_a_customer_without_an_address(seat: Seat) -> None:
    number = seat.story.stranger(None)
    seat.story.meet(number)
    assert state(seat, number) == "no_email"


def test_no_profile_is_said_and_nothing_made_up(seat: Seat) -> None:
    number = seat.story.stranger("new@example.com")
    seat.story.meet(number)
    view = seat.look(number)
    assert view["customer"]["state"] == "no_profile"
    assert view["customer"]["profile_link"] is None
    assert view["score"] is None
    assert view["lifetime"] is None
    assert (view["lists"], view["predictions"]) == (None, [])
    assert view["optout"]["value"] is None
    assert seat.read_calls() == []


def test_a_profile_that_just_went_is_said_to_be_gone(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.story.sailthru.delete_profile("ann@example.com")
    view = seat.look(ann.id)
    assert view["customer"]["state"] == "profile_gone"
    assert view["lists"] is None


def test_a_member_of_the_team(seat: Seat) -> None:
    number = seat.story.stranger("agent@example.com", role="agent")
    seat.story.meet(number)
    assert state(seat, number) == "staff"


def test_a_deleted_user(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    seat.story.zendesk.delete_user(ann.id)
    seat.story.hear()
    assert state(seat, ann.id) == "deleted"


def test_the_sync_switched_off_is_shown_with_who_did_it(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    act_of(seat, ann.id, "sync", value=False)
    view = seat.look(ann.id)
    assert view["customer"]["state"] == "sync_off"
    assert view["sync"] == {"on": False, "set_by": "123", "set_at": "2026-11-22T10:00:05.000Z"}


def test_an_address_that_is_taken_shows_both_profiles(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    other = seat.story.sailthru.create_profile("taken@example.com")
    seat.story.clock.move(10)
    seat.story.zendesk.change_email(ann.id, "taken@example.com")
    seat.story.hear()
    seat.story.later(60)
    view = seat.look(ann.id)
    assert view["customer"]["state"] == "email_conflict"
    assert view["conflict"] == {
        "address": "taken@example.com",
        "held": "ann@example.com",
        "kind": "email_conflict",
        "other": {"sid": other, "address": "taken@example.com", "zendesk_id": None},
        "can_merge": True,
    }
    assert view["pushed"]["state"] == "failed"
    assert view["pushed"]["code"] == "email_conflict"
    assert "@" not in view["pushed"]["reason"]
    # and an agent may merge exactly these two
    assert seat.ask(ann.id, "merge", "another-sid", confirmed=True).status_code == 409
    assert seat.ask(ann.id, "merge", other).status_code == 409
    seat.act(ann.id, "merge", other, confirmed=True)


def test_a_score_is_absent_while_nobody_has_one_and_not_available_beside_others(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    assert seat.look(ann.id)["score"] is None
    # when another customer's score is known
    world = seat.story.world
    with world.ledger.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO facts (installation_id, subject, field, zendesk_id, value, at, origin, event_id) "
            "VALUES (1, 'user:9', 'sailthru/score', 9, '3', 0, 'reading', 'r')"
        )
    seat.story.clock.move(301)
    seat.sit()
    assert seat.look(ann.id)["score"] == {"value": None, "is_high": False}


def test_an_action_is_shown_until_a_minute_after_its_end(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    action = seat.act(ann.id, "list_remove", "News", seen=seat.look(ann.id)["optout"]["seen"])
    assert [one["id"] for one in seat.look(ann.id)["actions"]] == [action["id"]]
    seat.call("POST", f"actions/{action['id']}/undo", json={})
    assert [one["state"] for one in seat.look(ann.id)["actions"]] == ["undone"]
    seat.story.clock.move(61)
    assert seat.look(ann.id)["actions"] == []


class TestPushed:
    """Whether the latest change in Zendesk is in Sailthru."""

    def test_applied(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        pushed = seat.look(ann.id)["pushed"]
        assert (pushed["state"], pushed["reason"]) == ("applied", None)
        assert pushed["since"]

    def test_waiting_with_the_reason(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        seat.story.sailthru.faults.add(Fault(Reply(503, b"{}"), method="POST", path="/user", times=None))
        seat.story.clock.move(10)
        seat.story.zendesk.add_tags(ann.id, ["vip"])
        seat.story.hear()
        pushed = seat.look(ann.id)["pushed"]
        assert pushed["state"] == "waiting"
        assert pushed["code"] in ("trying_again", "sailthru_down")

    def test_waiting_because_operators_paused_it(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        how = {"operator": "ops", "reason": "a sale", "via": "command"}
        pausing.pause(seat.story.world.ledger, "zendesk", None, **how)
        seat.story.zendesk.add_tags(ann.id, ["vip"])
        seat.story.hear()
        pushed = seat.look(ann.id)["pushed"]
        assert (pushed["state"], pushed["code"]) == ("waiting", "paused")
        assert pushed["reason"]

    def test_failed_with_the_words_of_the_dead_letter(self, seat: Seat) -> None:
        ann = seat.story.person("ann@example.com")
        world = seat.story.world
        with world.ledger.writing() as connection:
            letter = DeadLetter(1, "zendesk", "push.write", "bad_request", "No.", zendesk_id=ann.id)
            dead.bury(connection, letter, world.ledger.micros())
        assert seat.look(ann.id)["pushed"] == {
            "state": "failed",
            "since": "2026-11-22T10:00:05.000Z",
            "reason": "No.",
            "code": "bad_request",
        }


class TestTrouble:
    """Sailthru slow, down, limited or locked: the last known data with its age, and nobody waits in vain."""

    def known(self, seat: Seat) -> int:
        """A customer whose profile's facts were kept an hour ago."""
        ann = seat.story.person("ann@example.com")
        at = to_micros(seat.story.clock.now())
        with seat.story.world.ledger.writing() as connection:
            for name, value in (("optout", '"basic"'), ("lists", '{"News": null}')):
                connection.exec_driver_sql(
                    "INSERT INTO facts (installation_id, subject, field, zendesk_id, value, at, origin,"
                    f" event_id) VALUES (1, 'user:{ann.id}', 'sailthru/{name}', {ann.id}, '{value}', {at},"
                    " 'reading', 'r') ON CONFLICT (installation_id, subject, field) DO UPDATE SET value ="
                    " excluded.value, at = excluded.at"
                )
        seat.story.clock.move(3600)
        seat.sit()
        return ann.id

    def problem(self, seat: Seat, user: int) -> Any:
        """The problem shown; the data are the last known ones, with their time."""
        view = seat.look(user)
        assert view["freshness"]["source"] == "ledger"
        assert view["freshness"]["read_at"] == "2026-11-22T10:00:05.000Z"
        assert view["optout"]["value"] == "basic"
        assert [one["name"] for one in view["lists"]] == ["News"]
        assert view["customer"]["state"] == "ok"
        return view["freshness"]["problem"]

    @pytest.mark.parametrize(
        ("reply", "problem"),
        [
            (Reply(503, b"{}"), "sailthru_down"),
            (Reply(200, b"<html>"), "sailthru_down"),
            (Reply(429, b'{"error": 43, "errormsg": "Too many requests"}'), "rate_limited"),
            (Reply(401, b'{"error": 3, "errormsg": "Invalid API key"}'), "bad_credentials"),
        ],
    )
    def test_an_error_shows_what_was_last_known(self, seat: Seat, reply: Reply, problem: str) -> None:
        user = self.known(seat)
        seat.story.sailthru.faults.add(Fault(reply, method="GET", path="/user"))
        assert self.problem(seat, user) == problem

    def test_after_a_failure_nobody_waits_for_the_next_one(self, seat: Seat) -> None:
        user = self.known(seat)
        seat.story.forget()
        seat.story.sailthru.faults.add(Fault(Reply(503, b"{}"), method="GET", path="/user", times=None))
        assert [self.problem(seat, user) for _ in range(3)] == ["sailthru_down"] * 3
        assert len(seat.read_calls()) == 1
        seat.story.sailthru.faults.clear()
        seat.story.clock.move(6)
        assert seat.look(user)["freshness"]["source"] == "live"

    @pytest.mark.parametrize(("state", "problem"), [("down", "sailthru_down"), ("halted", "bad_credentials")])
    def test_where_the_consumer_gave_up_the_page_does_not_try(
        self, seat: Seat, state: str, problem: str
    ) -> None:
        user = self.known(seat)
        seat.story.forget()
        with seat.story.world.ledger.writing() as connection:
            directions.put(connection, Direction(1, "sailthru", state, "timeout", 0, 9, 0))
        assert self.problem(seat, user) == problem
        assert seat.read_calls() == []

    def test_an_empty_quota_is_respected(self, seat: Seat) -> None:
        user = self.known(seat)
        seat.story.forget()
        later = seat.story.clock.now().replace(minute=59)
        with seat.story.world.ledger.writing() as connection:
            quotas.hold(connection, 1, "sailthru.user.get", later)
        assert self.problem(seat, user) == "rate_limited"
        assert seat.read_calls() == []

    def test_when_too_many_wait_already_the_next_one_does_not(self, seat: Seat) -> None:
        user = self.known(seat)
        held = [seat.story.sailthru.hold("GET", "/user") for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(seat.look, user) for _ in held]
            for one in held:
                one.wait_arrived()
            # given as many readings under way as may be, the next agent sees what is known at once
            assert self.problem(seat, user) == "sailthru_slow"
            for one in held:
                one.release()
            assert {one.result(10)["freshness"]["source"] for one in waiting} == {"live"}

    def test_actions_are_accepted_all_the_same(self, seat: Seat) -> None:
        user = self.known(seat)
        seat.story.sailthru.faults.add(Fault(Reply(503, b"{}"), method="GET", path="/user", times=None))
        view = seat.look(user)
        seat.act(user, "optout", "all", seen=view["optout"]["seen"])

    @pytest.mark.slow
    def test_a_sailthru_that_says_nothing_is_waited_for_three_seconds(self, seat: Seat) -> None:
        user = self.known(seat)
        seat.story.sailthru.faults.add(Fault(Silence(), method="GET", path="/user", times=None))
        began = time.monotonic()
        assert self.problem(seat, user) == "sailthru_slow"
        assert 2.5 < time.monotonic() - began < 10
