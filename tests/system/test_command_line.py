"""The `bridge` command against a running bridge: what it prints, how it ends, what it sets in motion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.services.waiting import wait_until
from tests.system.accounts import Accounts
from tests.system.conftest import paired, sqlite_in
from tests.system.running import Bridge

pytestmark = pytest.mark.system

LETTER = {"id", "installation", "lane", "type", "customer", "reason", "error", "attempts"}
LETTER |= {"first_seen", "last_seen"}
LANE = {"lane", "depth", "parked", "owed", "dead", "oldest_seconds"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Accounts]:
    """A whole bridge that serves all tests of this file in turn."""
    folder = tmp_path_factory.mktemp("works")
    bridge = Bridge(folder, sqlite_in(folder, migrated_file))
    with Sandbox.start(seed=6) as box, paired(box, bridge) as accounts:
        bridge.start()
        accounts.welcome(2)
        accounts.until_settled()
        yield accounts


def test_queues_events_and_customers_are_shown_as_they_are(works: Accounts) -> None:
    bridge, (anna, _) = works.bridge, works.users
    profile = works.box.sailthru.profile("customer0@acme.example.com")
    assert profile is not None

    lanes = bridge.said("queues")
    assert [set(lane) for lane in lanes] == [LANE] * 3
    assert {lane["lane"] for lane in lanes} == {"zendesk", "sailthru", "agent"}
    assert all(lane["depth"] == lane["owed"] == lane["oldest_seconds"] == 0 for lane in lanes)

    newest = bridge.said("events", "list", "--customer", str(anna))[0]
    event = bridge.said("events", "show", newest["id"])
    assert {name: event[name] for name in newest} == newest
    assert (event["outcome"], event["customer"]) == ("applied", anna)
    assert MOMENT.fullmatch(event["received_at"])

    names = ("customer0@acme.example.com", str(anna), profile.sid)
    shown = [bridge.said("customers", "show", name) for name in names]
    assert shown[0] == shown[1] == shown[2]
    assert (shown[0]["zendesk_id"], shown[0]["sid"], shown[0]["owed"]) == (anna, profile.sid, False)
    assert {row["holds"] for row in shown[0]["sailthru"]} == {"yes"}
    held = {row["field"]: row["should_hold"] for row in shown[0]["sailthru"] if row["field"] != "email"}
    assert held == profile.vars


def test_check_finds_nothing_wrong_and_shows_no_secret(works: Accounts) -> None:
    checked = works.bridge.run("check", "--json")
    listed = works.bridge.run("installations", "list", "--json")
    shown = works.bridge.run("installations", "show", "acme", "--json")

    assert (checked.status, json.loads(checked.out)["ok"]) == (0, True)
    assert [one["name"] for one in json.loads(listed.out)] == ["acme"]
    assert json.loads(shown.out)["settings"]["sailthru"]["api_secret"] == "set"
    said = checked.out + checked.err + listed.out + shown.out + shown.err
    assert not [secret for secret in works.secrets if secret in said]


def test_commands_end_with_0_when_done_1_when_failed_and_2_when_misused(works: Accounts) -> None:
    run = works.bridge.run
    assert run("migrate").status == 0
    unknown = run("customers", "show", "nobody@acme.example.com", "--json")
    assert (unknown.status, unknown.out) == (1, "")
    assert "no customer is known" in unknown.err
    assert run("dead", "replay").status == 2
    assert run("queues", "--colour").status == 2
    faulty = run("installations", "add", "other", "--from", "-", given="[zendesk]\nurl = 'ftp://x'\n")
    assert faulty.status == 1
    assert len(faulty.err.splitlines()) > 2, "every fault is named at once"


def test_a_trigger_at_the_events_address_is_a_dead_letter_that_names_its_own_address(works: Accounts) -> None:
    bridge = works.bridge
    body = (
        b'{"ticket_id": "991", "requester_id": "7", "status": "Open", "updated_at": "2026-11-22T09:55:16Z"}'
    )
    assert works.send(works.signed(body)).status == 202

    wait_until(
        lambda: bool(bridge.said("dead", "list", "--reason", "unreadable")), within_s=15, what="it is dead"
    )
    (letter,) = bridge.said("dead", "list", "--reason", "unreadable")
    assert set(letter) == LETTER
    assert (letter["installation"], letter["lane"], letter["type"]) == ("acme", "zendesk", "unreadable")
    assert "zendesk/triggers" in letter["error"]
    assert MOMENT.fullmatch(letter["first_seen"])

    number = str(letter["id"])
    again = bridge.run("dead", "replay", number, "--json")
    assert json.loads(again.out)["replayed"] == []
    dropped = bridge.said("dead", "drop", number)
    assert dropped["dropped"] == [letter["id"]]
    assert bridge.said("dead", "list") == []


def test_a_replayed_dead_letter_makes_the_customer_owed_again(works: Accounts) -> None:
    bridge, (_, ben) = works.bridge, works.users
    taken = "taken@acme.example.com"
    works.box.sailthru.create_profile(taken)
    works.box.zendesk.change_email(ben, taken)
    wait_until(lambda: bool(bridge.said("dead", "list")), within_s=20, what="the conflict is a dead letter")
    (letter,) = bridge.said("dead", "list")
    assert (letter["reason"], letter["customer"]) == ("email_conflict", ben)
    assert taken not in letter["error"]

    works.box.sailthru.delete_profile(taken)
    assert bridge.said("dead", "replay", str(letter["id"]))["replayed"] == [letter["id"]]

    works.until_agreed(ben)
    assert works.box.sailthru.merges == []
    assert bridge.said("dead", "list") == []
