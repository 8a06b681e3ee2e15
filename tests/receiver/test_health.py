"""Health says what a load balancer must know: can a delivery that comes now be kept?"""

from __future__ import annotations

import pytest

from tests.receiver.door import Door


def test_a_process_that_answers_lives(door: Door) -> None:
    door.ledger.is_away = True
    assert door.client.get("/health/live").status_code == 200


@pytest.mark.parametrize(("away", "degraded"), [([], []), (["broker"], ["broker"]), (["ledger"], ["ledger"])])
def test_one_of_the_two_is_enough_to_be_ready(door: Door, away: list[str], degraded: list[str]) -> None:
    assert door.client.get("/health/ready").json == {"degraded": []}
    door.away.update(away)
    door.ledger.is_away = "ledger" in away

    response = door.client.get("/health/ready")

    assert (response.status_code, response.json) == (200, {"degraded": degraded})


def test_with_both_away_it_is_not_ready_and_says_why(door: Door) -> None:
    door.client.get("/health/ready")
    door.away.add("broker")
    door.ledger.is_away = True

    response = door.client.get("/health/ready")

    assert (response.status_code, response.json) == (503, {"reasons": ["broker", "ledger"]})


def test_a_receiver_that_knows_no_installations_is_not_ready(door: Door) -> None:
    door.ledger.is_away = True
    response = door.client.get("/health/ready")
    assert (response.status_code, response.json) == (503, {"reasons": ["ledger"]})
