"""A run that dies at any step, whichever it is, is gone on with, and nothing is made twice.

Not sampled: the way is walked once to count its steps, then once for each step with a death there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.app_package import packed
from bridge.ledger.set_ups import MADE
from tests.bridge.setting_up.plot import FIELDS, Plot, open_plot
from tests.properties.brittle import Killed, Steps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]


def set_up(plot: Plot, steps: Steps | None = None) -> None:
    plot.set_up(steps, triggers=True, fields=FIELDS[:1], package=packed(plot.url, "acme"))


def is_killed(run: Callable[[Steps], object], fatal: int) -> bool:
    """Whether the run got as far as that step; it ended there."""
    steps = Steps(fatal)
    try:
        run(steps)
    except Killed:
        return True
    assert len(steps.taken) < fatal
    return False


def test_a_set_up_or_a_removal_that_dies_anywhere_is_gone_on_with(tmp_path: Path) -> None:
    with open_plot(tmp_path) as plot:
        plot.box.zendesk.quota.lift()
        bare = plot.there()
        set_up(plot)
        built = plot.there()
        fatal = 1
        is_going = True
        while is_going:
            died_away = is_killed(lambda steps: plot.remove(steps), fatal)
            if fatal % 2:  # somebody changed his mind
                set_up(plot)
                assert plot.there() == built, f"a set-up after a removal that died at step {fatal}"
                assert {row.state for row in plot.parts().values()} == {MADE}
            plot.remove()
            assert plot.parts() == {}
            assert plot.there() == bare, f"a removal that died at step {fatal}"
            assert plot.account().webhook_secrets == ()
            died_at_work = is_killed(lambda steps: set_up(plot, steps), fatal)
            set_up(plot)
            assert plot.there() == built, f"a set-up that died at step {fatal}"
            assert set(plot.account().webhook_secrets) == plot.secrets_there()
            is_going = died_away or died_at_work
            fatal += 1
    assert fatal > 60
