"""The test delivery that `bridge setup` lets Zendesk send: its body, and the event that it becomes.

Zendesk signs it as any other, so where its event is, there the whole way works. It says nothing of anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.event import Event

TYPE = "setup.test"
LONGEST_ID = 100


def trial_body(id: str) -> str:  # noqa: A002 - the event's word
    """The body of a test that can be told from all others by `id`."""
    return json.dumps({"bridge": TYPE, "id": id})


def read_trial(
    record: Mapping[str, Any], *, installation: str, received_at: datetime, source: str
) -> Event | None:
    """The event of a test; None for any other body."""
    number = record.get("id")
    if record.get("bridge") != TYPE or not isinstance(number, str):
        return None
    if not (0 < len(number) <= LONGEST_ID and number.isascii() and number.isprintable()):
        return None
    return Event(
        id=number,
        installation=installation,
        lane="zendesk",
        type=TYPE,
        subject="",
        source=source,
        occurred_at=received_at,
        received_at=received_at,
    )
