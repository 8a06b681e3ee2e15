"""A trigger is a hint at a ticket, and nothing more is believed of it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Unreadable
from schemas.event import Event
from schemas.trigger import read_trigger
from tests.payloads import payload

ARRIVAL = datetime(2026, 11, 22, 9, 55, 18, tzinfo=UTC)


def read(body: bytes | dict[str, Any]) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    result = read_trigger(raw, installation="acme", received_at=ARRIVAL, new_id=lambda: "fresh")
    assert result.ignored == 0
    (event,) = result.events
    return event


def test_a_trigger_names_a_ticket() -> None:
    assert read(payload("trigger").body) == Event(
        id="fresh",
        installation="acme",
        lane="zendesk",
        type="trigger",
        subject="ticket:991",
        source="trigger",
        occurred_at=datetime(2026, 11, 22, 9, 55, 16, tzinfo=UTC),
        received_at=ARRIVAL,
        data={"ticket_id": 991, "requester_id": 6164000000007, "updated_at": "2026-11-22T09:55:16Z"},
    )


@pytest.mark.parametrize(
    "body", [{"ticket_id": "991"}, {"ticket_id": 991, "requester_id": "", "updated_at": "", "status": ""}]
)
def test_everything_but_the_ticket_may_be_missing(body: dict[str, Any]) -> None:
    event = read(body)
    assert event.data == {"ticket_id": 991, "requester_id": None, "updated_at": None}
    assert event.occurred_at == ARRIVAL


@pytest.mark.parametrize("localized", ["November 22, 2026", "22.11.2026 09:55", 7, "2026-11-22T09:55:16"])
def test_a_time_in_no_form_that_we_know_is_no_time(localized: object) -> None:
    assert read({"ticket_id": "991", "updated_at": localized}).data["updated_at"] is None


def test_a_time_far_ahead_counts_as_the_arrival() -> None:
    ahead = (ARRIVAL + timedelta(hours=1)).isoformat()
    assert read({"ticket_id": "991", "updated_at": ahead}).occurred_at == ARRIVAL


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ticket 991",
        b'{"ticket_id": "{{ticket.id}}"}',
        b'{"ticket_id": ""}',
        b'{"ticket_id": "9223372036854775808"}',
        b'{"ticket_id": "991", "requester_id": "Ann"}',
        b'{"status": "open"}',
        b"[991]",
        b"[" * 200_000,
    ],
)
def test_a_trigger_that_names_no_ticket_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert caught.value.fault.endswith(".")


def test_an_event_is_told_its_address() -> None:
    with pytest.raises(Unreadable) as caught:
        read(payload("user.created").body)
    assert "/hooks/acme/zendesk/events" in caught.value.hint


@given(
    body=st.binary()
    | st.dictionaries(st.sampled_from(["ticket_id", "requester_id", "updated_at"]), st.text())
)
def test_junk_ends_in_a_hint_or_in_unreadable(body: bytes | dict[str, Any]) -> None:
    with suppress(Unreadable):
        read(body)
