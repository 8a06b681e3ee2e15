"""Our own event as it travels: strict, and readable by the next version."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.errors import UnknownVersion, Unreadable
from schemas.event import Event, from_bytes

AT = datetime(2026, 11, 22, 9, 55, 16, 250_000, tzinfo=UTC)
EVENT = Event("e1", "acme", "zendesk", "user.deleted", "user:7", "webhook", AT, AT, {"user": {"id": 7}})


def written(**changed: Any) -> bytes:
    return json.dumps(json.loads(EVENT.to_bytes()) | changed).encode()


def test_an_event_arrives_as_it_was_sent() -> None:
    told = replace(EVENT, delivery={"secret": 2, "invocation": "01J"})
    assert from_bytes(EVENT.to_bytes()) == EVENT
    assert from_bytes(told.to_bytes()) == told


def test_a_message_of_the_first_version_is_still_read() -> None:
    assert from_bytes(written(v=1)) == EVENT


@pytest.mark.parametrize(
    "changed", [{"v": 1, "delivery": {}}, {"delivery": "by hand"}, {"strange": 1}, {"subject": 7}]
)
def test_what_is_not_ours_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        from_bytes(written(**changed))


def test_a_later_version_is_said_to_be_one() -> None:
    with pytest.raises(UnknownVersion, match="version 3; this bridge knows 1 and 2"):
        from_bytes(written(v=3))
