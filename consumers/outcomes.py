"""What came of a step. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.sailthru_records import Profile


@dataclass(frozen=True)
class Found:
    """Sailthru answered with a profile: looked up, read back, or just written."""

    profile: Profile


@dataclass(frozen=True)
class NotFound:
    """There is no such profile, or, of a holder in Zendesk, no such user."""


@dataclass(frozen=True)
class Holder:
    """The user in Zendesk who holds the address, read now."""

    is_active: bool


@dataclass(frozen=True)
class Failed:
    """The call raised. Anything but a `BridgeError` is a fault of ours."""

    error: Exception


Outcome = Found | NotFound | Holder | Failed
