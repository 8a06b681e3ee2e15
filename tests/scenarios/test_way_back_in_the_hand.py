"""The way back as an operator sees it: queues and ages, replays, installations that share a process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from bridge.broker.embedded import EmbeddedBroker
from bridge.ledger import installations
from bridge.queues import LaneState, lane_states
from bridge.repair.replaying import replay
from bridge.zendesk_user import REFUSED
from tests.consumers.world import settings_for
from tests.scenarios.story import Story
from tests.scenarios.way_back import fields_of, know, know_many, make_fields, row, written


def lane(story: Story) -> LaneState:
    ledger = story.world.ledger
    return next(one for one in lane_states(ledger, EmbeddedBroker(ledger)) if one.lane == "sailthru")


def test_queues_count_what_zendesk_is_owed_and_for_how_long(story: Story) -> None:
    make_fields(story)
    people = [story.stranger(f"p{number}@example.com") for number in range(3)]
    know_many(story, people[:1], engagement="active")
    know_many(story, people[1:], is_held=True, engagement="active")
    story.clock.move(40)
    assert (lane(story).owed, lane(story).oldest_s) == (3, 40.0)
    story.later(60)
    assert (lane(story).owed, lane(story).oldest_s) == (2, 0.0)


def test_a_replayed_letter_sends_the_refused_value_again(story: Story) -> None:
    make_fields(story)
    ann = story.person("ann@example.com")
    body = {"error": "RecordInvalid", "details": {"sailthru_engagement": [{"description": "is odd"}]}}
    story.zendesk.faults.answer(422, body, times=9, path=f"/api/v2/users/{ann.id}", method="PUT")
    know(story, ann.id, engagement="odd")
    story.later(60)
    (letter,) = story.letters()
    story.zendesk.faults.clear()
    assert REFUSED in row(story, ann.id).known
    publisher = EmbeddedBroker(story.world.ledger).publisher()
    replay(story.world.ledger, publisher, letter, operator="ops")
    publisher.close()
    story.later(60)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "odd"
    assert story.letters() == []


def test_one_installation_whose_zendesk_refuses_us_keeps_no_other_waiting(story: Story) -> None:
    make_fields(story)
    world = story.world
    ann = story.person("ann@example.com")
    people = [story.stranger(f"p{number}@example.com") for number in range(30)]
    with world.ledger.writing() as connection:
        locked_out = settings_for(world.box)
        beta = installations.add(
            connection, world.vault, name="beta", settings=locked_out, at=story.clock.now()
        )
    acme = world.installation
    world.installation = beta
    story.zendesk.faults.answer(401, {"error": "invalid_token"}, times=None, path="/api/v2/users/update_many")
    know_many(story, people, engagement="active")
    world.installation = acme
    know(story, ann.id, engagement="active")
    story.forget()
    story.later(30)
    assert fields_of(story, ann.id)["sailthru_engagement"] == "active"
    assert ("PUT", f"users/{ann.id}") in written(story)


def test_a_process_that_is_told_to_stop_finishes_its_call_and_begins_no_other(story: Story) -> None:
    make_fields(story)
    ann, ben = (story.person(f"{name}@example.com") for name in ("ann", "ben"))
    story.later(60)
    story.forget()
    held = story.zendesk.hold("PUT", f"/api/v2/users/{ann.id}")
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pusher = story.world.add_process(pool=pool).zendesk_pusher
        know(story, ann.id, engagement="active")
        running = threading.Thread(target=pusher.run, args=(stop,))
        running.start()
        held.wait_arrived()
        stop.set()
        know(story, ben.id, engagement="active")
        pusher.wake.set()
        held.release()
        running.join(10)
    assert not running.is_alive()
    assert written(story) == [("PUT", f"users/{ann.id}")]
    assert row(story, ann.id).lease_until is None
    assert not row(story, ann.id).owed
    assert row(story, ben.id).owed
