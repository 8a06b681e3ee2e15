"""An agent's click never waits behind a backlog, nor for quota that other work has used up."""

from __future__ import annotations

from sqlalchemy import update

from bridge.clock import to_micros
from bridge.ledger.tables import quotas
from schemas.agent_action import SET_HEALTH
from tests.scenarios.desk import Desk
from tests.scenarios.story import Story


def test_in_a_backlog_the_customer_an_agent_waits_for_is_pushed_at_once(story: Story) -> None:
    desk = Desk(story)
    ann, bob = story.person("ann@example.com"), story.person("bob@example.com")
    story.world.processes[-1].pusher.is_backlogged = lambda: True
    story.zendesk.add_tags(bob.id, ["vip"])
    action = desk.asks(ann, SET_HEALTH, "unsatisfied")
    story.hear()
    assert desk.state(action) == ("saved", "")
    assert [write["id"] for write in story.writes()] == [ann.sid]


def test_an_agent_draws_on_the_reserve_when_other_work_has_used_up_its_part(story: Story) -> None:
    desk, ann = Desk(story), story.person("ann@example.com")
    bob = story.person("bob@example.com")
    used_up_until = to_micros(story.clock.now()) + 60_000_000
    with story.world.ledger.writing() as connection:
        connection.execute(
            update(quotas).where(quotas.c.bucket == "sailthru.user.post.work").values(next_at=used_up_until)
        )
    story.zendesk.add_tags(bob.id, ["vip"])
    story.hear()
    assert story.writes() == []
    action = desk.asks(ann, SET_HEALTH, "unsatisfied")
    story.world.work()
    assert desk.state(action) == ("saved", "")
    assert [write["id"] for write in story.writes()] == [ann.sid]
