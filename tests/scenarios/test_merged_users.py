"""Two Zendesk users become one."""

from __future__ import annotations

from itertools import product

import pytest

from tests.scenarios.story import Story

SWITCHES = list(product(("loser", "winner"), ("inactive", "missing"), (False, True)))


@pytest.mark.parametrize(("subject", "shown", "tells_tickets"), SWITCHES)
def test_the_loser_is_switched_off_and_the_winner_has_all_tickets(
    story: Story, subject: str, shown: str, tells_tickets: bool
) -> None:
    story.zendesk.set_oddity("merged_subject", subject)
    story.zendesk.set_oddity("merged_loser", shown)
    story.zendesk.set_oddity("merge_tells_tickets", tells_tickets)
    loser, winner = story.person("ann@example.com", tags=["old"]), story.person("anna@example.com")
    ticket = story.zendesk.create_ticket(loser.id).id
    story.hear()
    story.clock.move(60)
    story.zendesk.merge_users(loser.id, winner.id)
    story.hear()
    story.later(200)
    lost, won = story.vars_of(loser.sid), story.vars_of(winner.sid)
    assert (lost["zendesk_active"], lost["zendesk_sync"]) == (False, False)
    assert (lost["zendesk_ticket_count"], lost["zendesk_tickets"]) == (0, {})
    assert (won["zendesk_active"], won["zendesk_sync"]) == (True, True)
    assert list(won["zendesk_tickets"]) == [str(ticket)]
    # And both profiles stay where they are; nothing is joined in Sailthru
    assert story.address_of(loser.sid) == "ann@example.com"
    assert story.address_of(winner.sid) == "anna@example.com"
    assert story.sailthru.merges == []
    assert story.letters() == []
    # Of a user whom Zendesk does not show any more nothing is left but who it was
    assert lost["zendesk_tags"] == ([] if shown == "missing" else ["old"])


def test_a_loser_never_heard_of_before_is_no_reason_to_write(story: Story) -> None:
    winner, loser = story.person("anna@example.com"), story.stranger("ann@example.com")
    story.zendesk.create_ticket(loser)
    story.world.told()
    story.clock.move(60)
    story.zendesk.merge_users(loser, winner.id)
    story.hear()
    story.later(200)
    assert story.vars_of(winner.sid)["zendesk_ticket_count"] == 1
    assert len(story.sailthru.profiles()) == 1
