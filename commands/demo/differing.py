"""What changed between two looks at both systems, and what is not as it must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SAILTHRU = "Sailthru"
ZENDESK = "Zendesk"


@dataclass(frozen=True)
class Change:
    """One field of one person in one system, before and after a step."""

    profile: str
    field: str
    before: Any
    after: Any
    system: str = SAILTHRU


@dataclass(frozen=True)
class Difference:
    """One field of one person that is not what it must be in this system."""

    profile: str
    field: str
    must_be: Any
    is_now: Any
    system: str = SAILTHRU
