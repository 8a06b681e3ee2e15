"""An agent opens a ticket of somebody whom the bridge was told to forget."""

from __future__ import annotations

from tests.receiver.sidebar.seat import Seat
from tests.scenarios.oblivion import forget, left_of


def test_neither_a_look_nor_a_click_brings_a_forgotten_customer_back(seat: Seat) -> None:
    ann = seat.story.person("ann@example.com")
    forget(seat.story, ann.id)
    for fresh in ("0", "1"):
        looked = seat.call("GET", f"customer?user={ann.id}&ticket=1&fresh={fresh}")
        assert (looked.status_code, (looked.json or {})["error"]) == (404, "unknown_customer")
    clicked = seat.ask(ann.id, "health", "satisfied")
    assert (clicked.status_code, (clicked.json or {})["error"]) == (404, "unknown_customer")
    assert seat.published() == []
    seat.story.later(60)
    assert left_of(seat.story, ann.id, ["ann@example.com", ann.sid]) == []
