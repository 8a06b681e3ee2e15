"""What came of a call to Zendesk. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.zendesk_jobs import JobStatus, UserFieldRecord


@dataclass(frozen=True)
class Done:
    """Zendesk confirmed the write."""


@dataclass(frozen=True)
class FieldsRead:
    """The user fields that the account has."""

    fields: tuple[UserFieldRecord, ...]


@dataclass(frozen=True)
class JobTold:
    """How a bulk job stands."""

    status: JobStatus


@dataclass(frozen=True)
class Alone:
    """A bulk update says that it did not take this user: it is written alone, and that answer counts."""

    error: str


@dataclass(frozen=True)
class Failed:
    """The call raised. Anything but a `BridgeError` is a fault of ours."""

    error: Exception


Outcome = Done | FieldsRead | JobTold | Alone | Failed
