"""What the command line follows and pushes, and filters given as words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from bridge.ledger import customers, events
from bridge.ledger.events import APPLIED, KEPT, KeptEvent
from bridge.ledger.tables import actions
from bridge.services import Services
from tests.commands.conftest import Terminal
from tests.commands.test_customers import jane
from tests.commands.test_events import event, listed, story

__all__ = ["jane", "story"]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets things happen in a command's pauses, one each; after the last somebody presses Ctrl-C."""

    def happens(*deeds: Callable[[], None]) -> None:
        left = list(deeds)

        def pause(_seconds: float) -> None:
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(time, "sleep", pause)

    return happens


def keep(services: Services, *kept: KeptEvent) -> None:
    with services.ledger.writing() as connection:
        events.keep(connection, 1, kept, services.ledger.micros())


def test_filters_can_be_given_in_the_words_of_the_pages(story: Terminal) -> None:
    assert listed(story, "type:ticket", "outcome:kept") == {"01JDA3V8Q0-4f6c-4f0e-9d2c-9a1b2c3d4e5f"[:36]}
    assert listed(story, "type:ticket", "--type", "postback", "--outcome", "kept") == {"matched"}
    refused = story.run("events", "list", "colour:red", "outcome:lost")
    assert refused.exit_code == 1
    assert "there is no filter colour" in refused.stderr
    assert "outcome: there is no lost" in refused.stderr


def test_new_events_are_followed_until_somebody_stops_it(
    story: Terminal, services: Services, meanwhile: Callable[..., None]
) -> None:
    def new() -> None:
        keep(services, KeptEvent(event("new"), 7, 3, KEPT), KeptEvent(event("other", type="x.y"), 7, 3, KEPT))

    def newer() -> None:
        keep(services, KeptEvent(event("newer"), 7, 4, APPLIED))

    meanwhile(new, newer)
    followed = story.run("events", "tail", "type:user", "--json")
    assert followed.exit_code == 0
    assert [json.loads(line)["id"] for line in followed.stdout.splitlines()] == ["new", "newer"]
    meanwhile(lambda: keep(services, KeptEvent(event("last"), 7, 5, KEPT)))
    assert "    last  kept\n" in story.run("events", "tail").stdout


def test_queues_are_watched_until_somebody_stops_it(
    terminal: Terminal, meanwhile: Callable[..., None]
) -> None:
    meanwhile(lambda: None)
    watched = terminal.run("queues", "--watch", "--json")
    looks = [json.loads(line) for line in watched.stdout.splitlines()]
    assert [len(look) for look in looks] == [3, 3]
    meanwhile(lambda: None)
    assert "oldest_seconds" in terminal.run("queues", "--watch").stdout


def test_one_event_is_told_end_to_end(story: Terminal) -> None:
    told = story.said("events", "show", "tags")
    assert told["delivery"]["signature"] == "verified; with which secret was not noted"
    assert told["ended"].startswith("Sailthru held all of it already")
    printed = story.run("events", "show", "tags").stdout
    for part in ("delivery", "facts it made", "attempts", "how long each part took", "dead letters", "data"):
        assert f"\n{part}\n" in printed


def test_a_dry_run_says_what_a_push_would_send_and_owes_nothing(jane: Terminal, services: Services) -> None:
    told = jane.said("customers", "push", "7", "--dry-run")
    assert {"email", "zendesk_id"} <= {one["field"] for one in told["would_send"]["sailthru"]}
    assert "sailthru_optout" in {one["field"] for one in told["would_send"]["zendesk"]}
    with services.ledger.reading() as connection:
        row = customers.one(connection, 1, 7)
    assert row is not None
    assert row.wanted == 1


def test_a_push_owes_everything_is_noted_and_says_for_what_it_waits(
    jane: Terminal, services: Services
) -> None:
    pushed = jane.run("customers", "push", "7", "--wait", "0", "--json")
    told = json.loads(pushed.stdout)
    assert (pushed.exit_code, told["is_over"]) == (1, False)  # no consumer runs here
    assert told["outcome"].startswith("Sailthru is owed since")
    with services.ledger.reading() as connection:
        row = customers.one(connection, 1, 7)
        noted = connection.execute(select(actions).where(actions.c.action == "customer_pushed")).one()
    assert row is not None
    assert (row.wanted, row.owed) == (2, True)
    assert (noted.target, noted.via) == ("customer 7", "command")
    assert jane.run("customers", "push", "nobody@example.com").exit_code == 1
