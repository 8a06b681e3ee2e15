"""Every state has its look: readable for everybody, in light and dark, at 320 and 480 px, cut off nowhere."""

from __future__ import annotations

import pytest

from tests.browser.bridge import Bridge
from tests.browser.conftest import Sit
from tests.browser.seat import SCHEMES, WIDTHS
from tests.browser.states import STATES, State

pytestmark = [pytest.mark.browser, pytest.mark.timeout(30)]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_accessible_in_light_and_dark_narrow_and_wide(
    state: State, sit: Sit, bridge: Bridge
) -> None:
    # given the page in this state
    seat = state.reached(bridge, sit, motion="reduce")
    # then axe-core finds nothing
    assert seat.violations() == []
    for scheme in SCHEMES:
        for width in WIDTHS:
            # and when it is looked at in another mode and width
            seat.look(scheme, width)
            # then every word can be read, and nothing is cut off
            assert (scheme, width, seat.overflow()) == (scheme, width, 0)
        assert (scheme, seat.violations("color-contrast")) == (scheme, [])
