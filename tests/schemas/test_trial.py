"""The test delivery of a set-up is told from every other body, at both of Zendesk's hooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.errors import Unreadable
from schemas.trial import TYPE, read_trial, trial_body
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_both_hooks_read_it_as_the_same_event() -> None:
    body = trial_body("a-1").encode()
    (event,) = read_delivery(body, installation="acme", received_at=AT).events
    (hint,) = read_trigger(body, installation="acme", received_at=AT, new_id=lambda: "x").events
    assert (event.id, event.type, event.subject, event.source) == ("a-1", TYPE, "", "webhook")
    assert (hint.id, hint.type, hint.source) == ("a-1", TYPE, "trigger")


@pytest.mark.parametrize(
    "body",
    [{}, {"bridge": TYPE}, {"bridge": TYPE, "id": 7}, {"bridge": TYPE, "id": ""}, {"bridge": "x", "id": "a"},
     {"bridge": TYPE, "id": "é"}, {"bridge": TYPE, "id": "a\n"}, {"bridge": TYPE, "id": "a" * 101}],
)  # fmt: skip
def test_nothing_else_is_taken_for_it(body: dict[str, Any]) -> None:
    assert read_trial(body, installation="acme", received_at=AT, source="webhook") is None


def test_an_event_without_a_type_is_still_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_delivery(b'{"bridge": "setup.test"}', installation="acme", received_at=AT)
