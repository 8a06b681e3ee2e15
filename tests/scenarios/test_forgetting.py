"""A customer is forgotten: nothing is left of it, and nothing that comes late brings it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.broker.draining import drain
from bridge.broker.embedded import EmbeddedBroker
from bridge.clock import to_micros
from bridge.errors import Refused, TryLater
from bridge.facts import ADDRESS, TICKETS, Fact
from bridge.ledger import dead, spool, waits
from bridge.ledger.dead import DeadLetter
from bridge.ledger.spool import ToSpool
from bridge.ledger.waits import Wait
from bridge.repair.replaying import replay
from consumers.keeping import keep_reading
from schemas.agent_action import LIST_REMOVE, SET_OPTOUT
from schemas.event import Event
from tests.scenarios.desk import Desk
from tests.scenarios.oblivion import (
    ANN,
    FORMER,
    during,
    forget,
    forget_everywhere,
    left_of,
)
from tests.scenarios.story import Person, Story
from tests.scenarios.test_broker_side import give_up, last_tries


@pytest.fixture
def desk(story: Story) -> Desk:
    return Desk(story)


@pytest.fixture
def ann(story: Story, desk: Desk) -> Person:
    """A customer with a past: an address that changed, tickets, tags, what an agent did, a letter."""
    ann = story.person(FORMER, tags=["vip"])
    story.clock.move(60)
    story.zendesk.change_email(ann.id, ANN)
    story.zendesk.create_ticket(ann.id, subject="Where is my parcel?")
    story.hear()
    desk.asks(ann, SET_OPTOUT, "all")
    desk.asks(ann, LIST_REMOVE, "News")
    story.says_agent(ann.id, health="satisfied")
    story.later(60)
    story.hears_back("update", email=ANN, sid=ann.sid)
    with story.world.ledger.writing() as connection:
        about = DeadLetter(1, "zendesk", "push.write", "bad_value", "x", zendesk_id=ann.id)
        dead.bury(connection, about, to_micros(story.clock.now()))
    story.later(60)
    story.forget()
    return ann


def words(person: Person) -> list[str]:
    return [ANN, FORMER, person.sid, "parcel"]


def left(story: Story, person: Person) -> list[str]:
    return left_of(story, person.id, words(person))


def event_about(story: Story, person: Person, what: Callable[[], object]) -> list[Event]:
    """What Zendesk tells of it, which has not arrived yet."""
    story.world.told()
    what()
    return story.world.told()


def a_tag(story: Story, person: Person) -> list[Event]:
    return event_about(story, person, lambda: story.zendesk.add_tags(person.id, ["late"]))


def test_nothing_in_any_table_tells_of_a_customer_who_was_forgotten(story: Story, ann: Person) -> None:
    # Given texts in which it stands although they are nobody's: a body that nobody can read, a parked
    # event, one that failed, and the letter of a customer who wanted its address
    bob = story.person("bob@example.com")
    (late,) = a_tag(story, ann)
    body = late.to_bytes().decode()
    with story.world.ledger.writing() as connection:
        at, moment = story.clock.now(), to_micros(story.clock.now())
        parked = ToSpool("zendesk", late.to_bytes(), late.id, late.type, "acme", "parked")
        spool.keep(connection, [parked], at)
        waiting = Wait(1, f"event:{late.id}", "event", due_at=at + timedelta(days=1), since=at)
        waits.add(connection, [replace(waiting, detail={"body": body, "error": "KeyError"})])
        gave_up = DeadLetter(1, "zendesk", late.type, "given_up", "x", event_id="e", data={"event": body})
        dead.bury(connection, gave_up, moment)
        said = f"The new address of customer {bob.id} is held by customer {ann.id}, who does not move."
        dead.bury(
            connection, DeadLetter(1, "zendesk", "push", "email_taken", said, zendesk_id=bob.id), moment
        )
    story.hears_back("update", email=FORMER, sid="0" * 24)
    assert len(left(story, ann)) > 20
    # When it is forgotten
    removed = forget(story, ann.id)
    # Then it is nowhere, and of others everything stands
    assert left(story, ann) == []
    assert removed["facts"] > 5
    assert {"events", "attempts", "dead_letters", "agent_actions", "spool", "notes"} <= set(removed)
    assert story.world.customer(bob.id).sid == bob.sid
    (taken,) = story.letters()
    assert (
        taken.error
        == f"The new address of customer {bob.id} is held by customer (forgotten), who does not move."
    )
    # And it stays so
    story.later(300)
    assert left(story, ann) == []


def test_who_did_what_stays_without_to_whom(story: Story, ann: Person) -> None:
    from bridge.ledger.tables import actions

    forget(story, ann.id)
    with story.world.ledger.reading() as connection:
        noted = [(row.operator, row.action, row.target) for row in connection.execute(actions.select())]
    assert ("agent:123", "agent.optout", "forgotten customer") in noted
    operator, action, target = noted[-1]
    assert (operator, action) == ("op", "customer_forgotten")
    assert target.startswith("forgotten:")


@pytest.mark.parametrize(
    "comes_back",
    [
        lambda story, ann: story.zendesk.add_tags(ann.id, ["late"]),
        lambda story, ann: story.zendesk.create_ticket(ann.id, subject="another parcel"),
        lambda story, ann: story.zendesk.change_email(ann.id, "ann.new@example.com"),
        lambda story, ann: story.zendesk.delete_user(ann.id),
    ],
    ids=["tags", "a ticket", "a new address", "deletion"],
)
def test_what_zendesk_tells_of_it_later_is_left_out(
    story: Story, ann: Person, comes_back: Callable[..., object]
) -> None:
    forget(story, ann.id)
    comes_back(story, ann)
    story.hear()
    story.later(300)
    assert left(story, ann) == []
    assert story.writes() == []


def test_an_event_in_the_queue_is_left_out(story: Story, ann: Person) -> None:
    waiting = a_tag(story, ann)
    forget(story, ann.id)
    story.world.publish(waiting)
    story.later(60)
    assert left(story, ann) == []
    assert story.outcomes("user.tags_changed")[-1] == ("ignored", "forgotten")


def test_a_parked_event_that_is_drained_after_all_is_left_out(story: Story, ann: Person) -> None:
    (late,) = a_tag(story, ann)
    forget(story, ann.id)
    with story.world.ledger.writing() as connection:
        parked = ToSpool("zendesk", late.to_bytes(), late.id, late.type, "acme", "parked")
        spool.keep(connection, [parked], story.clock.now())
    drain(story.world.ledger, EmbeddedBroker(story.world.ledger).publisher(), lambda _name: 100)
    story.later(60)
    assert left(story, ann) == []


def test_an_event_that_the_broker_gave_up_leaves_no_letter(story: Story, ann: Person) -> None:
    (late,) = a_tag(story, ann)
    broker = give_up(story, late.to_bytes())
    forget(story, ann.id)
    last_tries(story, broker)
    assert left(story, ann) == []
    assert story.letters() == []


def test_a_dead_letter_that_is_being_replayed_brings_nobody_back(story: Story, ann: Person) -> None:
    (letter,) = story.letters()
    forget(story, ann.id)
    assert story.letters() == []
    # Somebody has it on the screen still
    publisher = EmbeddedBroker(story.world.ledger).publisher()
    replay(story.world.ledger, publisher, letter, operator="op")
    story.later(60)
    assert left(story, ann) == []
    # And one about an event finds that event gone
    with pytest.raises(Refused, match="event_gone"):
        replay(story.world.ledger, publisher, replace(letter, event_id="e"), operator="op")


def test_a_page_of_an_export_is_kept_without_it(story: Story, ann: Person) -> None:
    bob = story.person("bob@example.com")
    forget(story, ann.id)
    now, world = story.clock.now(), story.world
    stated = [
        Fact(f"user:{one}", name, value, now, "reading", "export:1", one)
        for one in (ann.id, bob.id)
        for name, value in ((ADDRESS, ANN if one == ann.id else "bob.new@example.com"), (TICKETS, []))
    ]
    forgotten = world.processes[-1].worker.directory.forgotten
    with world.ledger.writing() as connection:
        keep_reading(connection, 1, stated, now, read=[ann.id, bob.id], forgotten=forgotten)
    story.later(60)
    assert left(story, ann) == []
    assert story.fact(bob.id, ADDRESS) == "bob.new@example.com"


def test_a_trigger_that_names_its_ticket_brings_nothing_back(story: Story, ann: Person) -> None:
    ticket = story.zendesk.create_ticket(ann.id, subject="a parcel again").id
    story.world.told()
    forget(story, ann.id)
    story.publish_hint(ticket)
    story.later(60)
    assert left(story, ann) == []


def test_a_postback_of_before_is_left_out_and_one_of_after_is_a_strangers(story: Story, ann: Person) -> None:
    now = story.clock.now()
    said = {"action": "optout", "email": ANN}
    before = Event("before", "acme", "sailthru", "postback.optout", "", "postback", now, now, said)
    story.clock.move(1)
    forget(story, ann.id)
    story.world.publish([before])
    story.later(10)
    assert left(story, ann) == []
    story.hears_back("optout", email=ANN, mode="all", optout="1")
    assert story.outcomes("postback.optout")[-1] == ("ignored", "not in Zendesk")


def test_an_agent_who_acts_on_it_changes_nothing(story: Story, ann: Person) -> None:
    event = story.agent_event(ann.id, health="neutral")
    forget(story, ann.id)
    story.world.publish([event])
    story.later(60)
    assert left(story, ann) == []
    assert story.writes() == []


@pytest.mark.parametrize("method", ["write", "user", "tickets_of", "profile"])
def test_who_is_forgotten_during_a_call_is_not_brought_back_by_its_answer(
    story: Story, ann: Person, method: str
) -> None:
    remotes = during(story, method, lambda: forget(story, ann.id))
    with story.world.ledger.writing() as connection:
        now, subject = story.clock.now(), f"user:{ann.id}"
        kinds = ("user", "tickets", "profile")
        waits.add(connection, [Wait(1, subject, kind, due_at=now, since=now) for kind in kinds])
    story.says_agent(ann.id, health="neutral")
    story.later(300)
    assert remotes.has_happened
    assert left(story, ann) == []


@pytest.mark.parametrize("is_refused", [False, True])
def test_who_is_forgotten_during_an_agents_change_is_not_brought_back(
    story: Story, desk: Desk, ann: Person, is_refused: bool
) -> None:
    def happens() -> None:
        forget(story, ann.id)
        if is_refused:
            raise Refused("sailthru", "bad_value", detail="no")

    during(story, "write", happens)
    desk.asks(ann, SET_OPTOUT, "basic")
    story.later(300)
    assert left(story, ann) == []
    assert story.letters() == []


def test_a_ticket_that_goes_to_somebody_forgotten_leaves_the_other(story: Story, ann: Person) -> None:
    bob = story.person("bob@example.com")
    ticket = story.zendesk.create_ticket(bob.id).id
    story.hear()
    forget(story, ann.id)
    story.clock.move(10)
    story.zendesk.change_requester(ticket, ann.id)
    story.hear()
    story.later(10)
    assert story.vars_of(bob.sid)["zendesk_tickets"] == {}
    assert left(story, ann) == []


def test_the_winner_of_a_merge_with_somebody_forgotten_is_read_all_the_same(
    story: Story, ann: Person
) -> None:
    bob = story.person("bob@example.com")
    forget(story, ann.id)
    story.clock.move(10)
    story.zendesk.merge_users(ann.id, bob.id)
    story.hear()
    story.later(60)
    assert story.vars_of(bob.sid)["zendesk_ticket_count"] == 1
    assert left_of(story, ann.id, [FORMER, ann.sid]) == []


def test_the_same_person_may_return_as_a_new_user(story: Story, ann: Person) -> None:
    forget_everywhere(story, ann.id)
    story.zendesk.permanently_delete_user(ann.id)
    story.world.told()
    story.clock.move(60)
    again = story.zendesk.create_user(ANN).id
    story.hear()
    story.later(60)
    assert story.world.customer(again).sid == ann.sid
    assert story.vars_of(ann.sid)["zendesk_id"] == again


def test_what_happened_before_at_its_address_is_nobodys(story: Story, ann: Person) -> None:
    """An event of a user never heard of, late, at an address that was erased meanwhile."""
    (late,) = a_tag(story, ann)
    stranger = 987_654_321
    user = {**late.data["user"], "id": stranger, "email": ANN}
    other = replace(late, id="other", subject=f"user:{stranger}", data={**late.data, "user": user})
    story.clock.move(1)
    forget(story, ann.id)
    story.world.publish([other])
    story.later(60)
    assert left_of(story, stranger, [ANN]) == []


def test_the_key_outlives_the_secret_it_is_sealed_with(story: Story, ann: Person) -> None:
    from bridge.directory import Directory
    from bridge.ledger import keys
    from bridge.vault import Vault
    from tests.consumers.world import SECRET

    forget(story, ann.id)
    new = "another-key-for-tests-that-nobody-would-ever-use-9876543210"
    with story.world.ledger.writing() as connection:
        assert keys.rewrap(connection, Vault((new, SECRET))) == 1
        assert keys.are_newest(connection, Vault((new,)))
    forgotten = Directory(story.world.ledger, Vault((new,))).forgotten
    with story.world.ledger.reading() as connection:
        assert forgotten.since(connection, 1, ann.id) is not None
        assert forgotten.since(connection, 1, ann.id + 1) is None


@pytest.mark.parametrize("null_vars", ["unset", "kept", "ignored"])
@pytest.mark.parametrize("object_vars", ["replaced", "merged"])
def test_sailthru_keeps_nothing_of_ours_whatever_null_does_there(
    story: Story, ann: Person, null_vars: str, object_vars: str
) -> None:
    story.sailthru.oddities.null_vars = null_vars  # type: ignore[assignment]
    story.sailthru.oddities.object_vars = object_vars  # type: ignore[assignment]
    story.sailthru.set_vars(ANN, loyalty="gold")
    cleared = forget_everywhere(story, ann.id)
    assert cleared is not None
    assert len(cleared.cleared) == 8 + 1  # sync and health included
    assert cleared.left == ()
    assert bool(cleared.overwritten) == (null_vars == "ignored")
    held = story.vars_of(ann.sid)
    assert held.pop("loyalty") == "gold"
    assert "parcel" not in json.dumps(held)
    assert str(ann.id) not in json.dumps(held)
    story.later(300)
    assert story.vars_of(ann.sid).get("zendesk_profile_url") in (None, "")


def test_a_push_under_way_lands_before_sailthru_is_cleared(story: Story, ann: Person) -> None:
    # Given a push whose answer is lost, which is to be sent once more in a minute
    story.sailthru.faults.reset(method="POST", applied=True)
    story.says_agent(ann.id, health="unsatisfied")
    assert any(wait.kind == "resend" for wait in story.world.waits_of(f"user:{ann.id}"))
    before = story.clock.now()
    cleared = forget_everywhere(story, ann.id)
    assert story.clock.now() - before >= timedelta(seconds=55)
    assert cleared is not None
    story.later(300)
    assert not any(name.startswith("zendesk_") for name in story.vars_of(ann.sid))
    assert left(story, ann) == []


def test_while_sailthru_is_away_nothing_is_forgotten_and_the_customer_goes_on(
    story: Story, ann: Person
) -> None:
    story.sailthru.faults.answer(503, None, method="POST", path="/user", times=1)
    with pytest.raises(TryLater):
        forget_everywhere(story, ann.id)
    story.later(120)
    assert story.state(ann.id) == "ok"
    assert story.vars_of(ann.sid)["zendesk_id"] == ann.id
