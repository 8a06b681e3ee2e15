"""Bulk updates of users and the jobs that report on them."""

from __future__ import annotations

import itertools
from typing import Any

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.rest.errors import RestError, not_found
from sandbox.zendesk.rest.users import MOST_IDS, UsersApi, body_of


class JobsApi:
    """PUT users/update_many is carried out at once; the job says `queued` first and then `completed`."""

    def __init__(self, users: UsersApi) -> None:
        self._users = users
        self._jobs: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self.base = ""

    def update_many(self, request: Request) -> Reply:
        changes = self._changes(request)
        if len(changes) > MOST_IDS:
            raise RestError(400, "TooManyIds", f"at most {MOST_IDS} users")
        number = f"{next(self._numbers):032x}"
        results = [self._change(index, user_id, asked) for index, (user_id, asked) in enumerate(changes)]
        self._jobs[number] = {
            "id": number,
            "url": f"{self.base}/api/v2/job_statuses/{number}.json",
            "total": len(changes),
            "progress": len(changes),
            "status": "completed",
            "message": "Completed",
            "results": results,
        }
        waiting = {"status": "queued", "progress": None, "message": None, "results": None}
        return Reply(200, {"job_status": {**self._jobs[number], **waiting}})

    def get(self, _request: Request, number: str) -> Reply:
        if number not in self._jobs:
            raise not_found()
        return Reply(200, {"job_status": self._jobs[number]})

    def _changes(self, request: Request) -> list[tuple[int, dict[str, Any]]]:
        if "ids" in request.query:
            asked = body_of(request, "user")
            return [(int(each), asked) for each in request.query["ids"].split(",") if each.strip().isdigit()]
        rows = body_of(request, "users", kind=list)
        return [(int(row["id"]), {k: v for k, v in row.items() if k != "id"}) for row in rows]

    def _change(self, index: int, user_id: int, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            self._users.change(user_id, asked)
        except LookupError:
            return {"index": index, "id": user_id, "error": "UserNotFound", "success": False}
        except RestError as error:
            return {"index": index, "id": user_id, "error": error.body["error"], "success": False}
        return {"index": index, "id": user_id, "action": "update", "status": "Updated", "success": True}
