"""Bulk jobs and user fields as Zendesk's REST API answers them. Tolerant: one odd entry spoils no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Unreadable

ENDED = frozenset(("completed", "failed", "killed"))
_WAITING = frozenset(("queued", "working"))


@dataclass(frozen=True)
class JobResult:
    """How one user of a bulk update fared: named by `id`, by `index` in what was sent, or by both.

    `error` is the vendor's short word, `details` its sentence; both as they came, and empty after success.
    """

    id: int | None
    index: int | None
    is_done: bool
    error: str = ""
    details: str = ""


@dataclass(frozen=True)
class JobStatus:
    """One bulk job. `state` is queued, working, completed, failed or killed; results come with its end."""

    id: str
    state: str
    results: tuple[JobResult, ...] = ()

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED

    def of(self, user_id: int, index: int) -> JobResult | None:
        """How the user that was sent as number `index` fared; None when the job does not say."""
        by_id = [result for result in self.results if result.id == user_id]
        by_index = [result for result in self.results if result.id is None and result.index == index]
        return next(iter(by_id + by_index), None)


@dataclass(frozen=True)
class UserFieldRecord:
    """One user field of the account. An inactive one takes no values."""

    key: str
    type: str
    is_active: bool
    id: int | None = None


def job_status(record: Any) -> JobStatus:
    """Read a job. Raises `Unreadable` for one without id, or in a state nobody knows."""
    job = record.get("job_status") if isinstance(record, Mapping) else None
    if not isinstance(job, Mapping) or not isinstance(job.get("id"), str) or not job["id"]:
        raise Unreadable("The reply holds no job.")
    state = str(job.get("status") or "").lower()
    if state not in ENDED | _WAITING:
        raise Unreadable("The job is in a state that is not known.")
    found = job.get("results")
    entries = found if isinstance(found, list) else []
    return JobStatus(job["id"], state, tuple(_result(one) for one in entries if isinstance(one, Mapping)))


def user_field(record: Any) -> UserFieldRecord | None:
    """Read a user field; None for what is none."""
    if not isinstance(record, Mapping) or not isinstance(record.get("key"), str):
        return None
    return UserFieldRecord(
        record["key"],
        str(record.get("type") or ""),
        record.get("active") is not False,
        _number(record.get("id")),
    )


def _result(entry: Mapping[str, Any]) -> JobResult:
    error = _text(entry.get("error") or entry.get("errors"))
    is_done = entry.get("success") is True or (entry.get("success") is None and not error)
    details = "" if is_done else _text(entry.get("details"))
    return JobResult(
        _number(entry.get("id")), _number(entry.get("index")), is_done, "" if is_done else error, details
    )


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(_text(one) for one in value[:5])
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_text(value[name])}" for name in list(value)[:5])
    return ""
