"""New signing secrets, while deliveries flow: none is refused and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.setting_up.testing import NotArrived
from bridge.setting_up.wanted import kept_types, spelled
from sandbox.web.calls import Call
from tests.bridge.setting_up.plot import Plot, open_plot
from tests.properties.brittle import Killed, Steps


@contextmanager
def things_happening(plot: Plot, *, road_s: float) -> Iterator[None]:
    """Before each step and after each call somebody changes a ticket and a user, and seconds have passed.

    On a long road some deliveries of a webhook are under way when it is deleted; on a short one each has
    arrived before the next step.
    """
    zendesk = plot.box.zendesk
    user = zendesk.create_user("ann@example.com")
    ticket = zendesk.create_ticket(user.id)

    def happen(_call: Call | None = None) -> None:
        plot.clock.move(2.5)
        zendesk.add_tags(user.id, [f"t{len(zendesk.deliveries)}"])
        zendesk.set_ticket_tags(ticket.id, [f"t{len(zendesk.deliveries)}"])

    zendesk.oddities.delay_s = road_s
    zendesk.calls.watchers.append(happen)
    plot.before_step = happen if road_s else zendesk.wait_idle
    yield
    zendesk.calls.watchers.remove(happen)
    zendesk.wait_idle()


def told(plot: Plot) -> set[str]:
    """What of the user's changes was delivered, by event."""
    return {one.event_id for one in plot.box.zendesk.deliveries if one.state == "delivered" and one.event_id}


@pytest.mark.parametrize("road_s", [0.0, 0.2])
def test_a_rotation_under_traffic_refuses_no_delivery(plot: Plot, road_s: float) -> None:
    plot.set_up(triggers=True)
    hooks, there, secrets = plot.box.zendesk.webhooks.hooks, plot.there(), plot.secrets_there()
    before = set(hooks)
    with things_happening(plot, road_s=road_s):
        plot.rotate()
    deliveries = plot.box.zendesk.deliveries
    assert {one.status for one in deliveries} == {202}
    assert all(len(one.attempts) == 1 for one in deliveries)
    signers = {one.webhook_id for one in deliveries if one.event_id}
    assert before & signers
    assert set(hooks) & signers, "the twin has told of something"
    assert told(plot) == {one.event_id for one in deliveries if one.event_id}
    assert not before & set(hooks)
    assert plot.there() == there
    assert set(plot.account().webhook_secrets) == plot.secrets_there()
    assert not secrets & plot.secrets_there()


def test_the_old_secret_goes_a_minute_after_its_webhook(plot: Plot) -> None:
    plot.set_up()
    plot.waits.clear()
    plot.rotate()
    assert sum(plot.waits) == pytest.approx(65, abs=2)


def test_a_twin_whose_deliveries_do_not_arrive_replaces_nothing(plot: Plot) -> None:
    plot.set_up()
    (first,) = plot.box.zendesk.webhooks.hooks
    plot.has_consumer = False
    with pytest.raises(NotArrived):
        plot.rotate()
    assert plot.box.zendesk.webhooks.hooks[first].status == "active"
    assert set(plot.account().webhook_secrets) == plot.secrets_there()
    plot.has_consumer = True
    plot.rotate()
    assert len(plot.box.zendesk.webhooks.hooks) == 1
    assert first not in plot.box.zendesk.webhooks.hooks


def test_a_webhook_of_somebody_else_is_not_rotated(plot: Plot) -> None:
    types = spelled(kept_types(), ())
    hook = plot.box.zendesk.webhooks.add(f"{plot.url}/hooks/acme/zendesk/events", types)
    hook.name = "Sailthru bridge (acme): events"
    plot.set_up()
    assert plot.rotate() == []
    assert list(plot.box.zendesk.webhooks.hooks) == [hook.id]


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_a_rotation_that_dies_anywhere_is_gone_on_with(tmp_path: Path) -> None:
    with open_plot(tmp_path) as plot:
        plot.box.zendesk.quota.lift()
        plot.set_up(triggers=True)
        built, fatal = plot.there(), 1
        while True:
            before = plot.secrets_there()
            steps = Steps(fatal)
            try:
                plot.rotate(steps)
            except Killed:
                assert plot.secrets_there() <= set(plot.account().webhook_secrets) | _silent(plot)
                plot.rotate()
            assert plot.there() == built, f"a rotation that died at step {fatal}"
            assert set(plot.account().webhook_secrets) == plot.secrets_there()
            assert not before & plot.secrets_there()
            if len(steps.taken) < fatal:
                break
            fatal += 1
    assert fatal > 40


def _silent(plot: Plot) -> set[str]:
    """The secrets of webhooks that are switched off."""
    return {hook.secret for hook in plot.box.zendesk.webhooks.hooks.values() if hook.status == "inactive"}
