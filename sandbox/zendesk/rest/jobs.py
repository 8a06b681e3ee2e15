"""Bulk updates of users: carried out after a while by jobs, which tell how each user fared."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.rest.errors import RestError, not_found
from sandbox.zendesk.rest.users import MOST_IDS, UsersApi, body_of
from sandbox.zendesk.store import Store

MOST_WAITING = 30
MOST_KEPT = 100
KEPT_FOR = timedelta(hours=1)

Row = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class Job:
    """One bulk update. It says `queued`, then `working`, then how it ended."""

    id: str
    rows: list[Row]
    since: datetime
    due: datetime
    ended: str = ""
    message: str | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def status(self, now: datetime) -> str:
        if self.ended:
            return self.ended
        return "working" if now - self.since >= (self.due - self.since) / 2 else "queued"


class JobsApi:
    """PUT users/update_many and GET job_statuses/{id}. Called under the store's lock.

    A job takes effect `job_s` after it was accepted, whether or not anybody asks for it. The last hundred
    jobs are kept, each for an hour.
    """

    def __init__(self, users: UsersApi, store: Store, oddities: ZendeskOddities) -> None:
        self._users = users
        self._store = store
        self._oddities = oddities
        self._jobs: dict[str, Job] = {}
        self._failing = 0
        self._numbers = itertools.count(1)
        self.base = ""

    def fail_jobs(self, times: int = 1) -> None:
        """The next jobs end as `failed` and change nobody."""
        self._failing = times

    def forget_jobs(self) -> None:
        """What was asked is still carried out, but nobody can ask about it any more."""
        self.finish()
        self._jobs.clear()

    def finish(self) -> None:
        """Every job is carried out now."""
        for job in self._open():
            self._carry_out(job)

    def settle(self) -> None:
        """Carries out what has come due."""
        now = self._store.now()
        for job in self._open():
            if job.due <= now:
                self._carry_out(job)

    def update_many(self, request: Request) -> Reply:
        rows = self._rows(request)
        if len(rows) > MOST_IDS:
            raise RestError(400, "TooManyIds", f"at most {MOST_IDS} users")
        if len(self._open()) >= MOST_WAITING:
            raise RestError(429, "TooManyJobs", "Too many jobs are waiting", headers={"Retry-After": "60"})
        now = self._store.now()
        job = Job(f"{next(self._numbers):032x}", rows, now, now + timedelta(seconds=self._oddities.job_s))
        self._jobs[job.id] = job
        self._drop_old(now)
        shown = {**self._show(job), "status": "queued"}
        self.settle()
        return Reply(200, {"job_status": shown})

    def get(self, _request: Request, number: str) -> Reply:
        self._drop_old(self._store.now())
        if number not in self._jobs:
            raise not_found()
        return Reply(200, {"job_status": self._show(self._jobs[number])})

    def _open(self) -> list[Job]:
        return [job for job in self._jobs.values() if not job.ended]

    def _drop_old(self, now: datetime) -> None:
        ended = [job for job in self._jobs.values() if job.ended]
        excess = max(0, len(self._jobs) - MOST_KEPT)
        for place, job in enumerate(ended):
            if place < excess or now - job.since > KEPT_FOR:
                del self._jobs[job.id]

    def _carry_out(self, job: Job) -> None:
        if self._failing:
            self._failing -= 1
            job.ended, job.message = "failed", "The job could not be carried out"
            return
        job.results = [self._change(index, user_id, asked) for index, (user_id, asked) in enumerate(job.rows)]
        job.ended, job.message = "completed", "Completed"

    def _show(self, job: Job) -> dict[str, Any]:
        status = job.status(self._store.now())
        return {
            "id": job.id,
            "job_type": "Bulk Update User",
            "url": f"{self.base}/api/v2/job_statuses/{job.id}.json",
            "total": len(job.rows),
            "progress": {"queued": None, "working": len(job.rows) // 2}.get(status, len(job.rows)),
            "status": status,
            "message": job.message,
            "results": job.results if job.ended else None,
        }

    def _rows(self, request: Request) -> list[Row]:
        if "ids" in request.query:
            asked = body_of(request, "user")
            return [(int(each), asked) for each in request.query["ids"].split(",") if each.strip().isdigit()]
        rows = body_of(request, "users", kind=list)
        return [(int(row["id"]), {k: v for k, v in row.items() if k != "id"}) for row in rows]

    def _change(self, index: int, user_id: int, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            self._users.updated(user_id, asked)
        except LookupError:
            return self._failed(index, user_id, not_found())
        except RestError as error:
            return self._failed(index, user_id, error)
        return {"index": index, "id": user_id, "action": "update", "status": "Updated", "success": True}

    def _failed(self, index: int, user_id: int, error: RestError) -> dict[str, Any]:
        named = {"id": {"id": user_id}, "index": {"index": index}, "both": {"index": index, "id": user_id}}
        return {
            **named[self._oddities.job_errors_name],
            "action": "update",
            "success": False,
            "error": error.body["error"],
            "details": str(error.body.get("details") or error.body.get("description", "")),
        }
