"""What a replay would change, as the pages show it."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.repair.foretelling import Change
from receiver.console import shown
from receiver.console.signed_in import SignedIn

LONGEST_VALUE = 200


def shown_changes(changes: Iterable[Change], operator: SignedIn) -> list[dict[str, str]]:
    """Fields that would be written; addresses are shortened for viewers, long values for everybody."""
    return [
        {
            "system": one.system,
            "field": one.field,
            "value": shown.text(shown.value(one.value, operator))[:LONGEST_VALUE],
            "holds": one.holds,
        }
        for one in changes
    ]
