"""What is kept of a body that nobody can read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.delivery import KEPT_OF_A_BODY, Arrival, printable, unreadable_event
from schemas.errors import Unreadable
from schemas.event import from_bytes

ARRIVAL = datetime(2026, 11, 22, 9, 55, 18, tzinfo=UTC)


@pytest.mark.parametrize(("hook", "source"), [("zendesk/events", "webhook"), ("zendesk/triggers", "trigger")])
def test_an_unreadable_body_becomes_an_event_of_its_own(hook: str, source: str) -> None:
    arrival = Arrival("acme", hook, b"\x00\xff{", "application/json", ARRIVAL)

    event = unreadable_event(Unreadable("The body is not JSON.", "Look at the trigger."), arrival, id="fresh")

    assert event.data == {
        "fault": "The body is not JSON.",
        "hint": "Look at the trigger.",
        "hook": hook,
        "body": "\\x00\\xff{",
        "content_type": "application/json",
    }
    assert (event.type, event.subject, event.source, event.lane) == ("unreadable", "", source, "zendesk")
    assert from_bytes(event.to_bytes()) == event


@given(body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_kept_body_can_be_stored_and_shown(body: bytes) -> None:
    text = printable(body)
    assert "\x00" not in text
    assert all(mark.isprintable() or mark in "\n\t" for mark in text)


@pytest.mark.parametrize("mark", [b"a", b"\x00", "ż".encode(), b"\xf0\x9f\x98\x80"])
def test_at_most_16_kib_of_a_body_are_kept(mark: bytes) -> None:
    kept = printable(mark * KEPT_OF_A_BODY)
    assert KEPT_OF_A_BODY - 8 < len(kept.encode()) <= KEPT_OF_A_BODY
