"""What operators did: kept beside what it changed, in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bridge.ledger.tables import actions


def note(  # noqa: PLR0913 - one parameter for each thing that is noted
    connection: Connection,
    at: int,
    *,
    operator: str,
    action: str,
    target: str,
    installation_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note an action of time `at` (microseconds). `detail` holds neither secrets nor addresses."""
    connection.execute(
        actions.insert().values(
            at=at,
            operator=operator,
            action=action,
            target=target,
            installation_id=installation_id,
            detail=json.dumps(detail or {}),
        )
    )
