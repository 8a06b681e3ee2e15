"""What one installation floods keeps no other waiting; the bench tells it with a hundred thousand events."""

from __future__ import annotations

import pytest

from bench.fair_shares import measure

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(120)]


def test_single_events_are_applied_within_two_seconds_while_another_installation_floods() -> None:
    found = measure(events=3_000, per_second=600)
    assert {each.status for each in found.flood} == {202}
    assert len(found.took) == 5
    assert max(found.took) < 2.0
    # and it was a flood: more came than was pushed meanwhile
    assert found.pushed < 3_000
