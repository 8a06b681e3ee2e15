"""Incremental exports: everything that changed since a moment, deleted records included."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.records import User
from sandbox.zendesk.rest.errors import RestError
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.rest.paging import decode, encode, number
from sandbox.zendesk.rest.show import ticket_json, user_json
from sandbox.zendesk.store import Store

LEFT_OUT_S = 60
PAGE = 1000
NO_ID = 2**63  # above every id
Row = tuple[float, int, Any]
Place = tuple[float, int]


class ExportsApi:
    """GET /api/v2/incremental/{users|tickets}/cursor. The most recent minute is never in it."""

    def __init__(self, store: Store, fields: UserFields, oddities: ZendeskOddities) -> None:
        self._store = store
        self._fields = fields
        self._oddities = oddities
        self._sorted: dict[str, tuple[int, list[Row]]] = {}
        self.base = ""

    def users(self, request: Request) -> Reply:
        return self._export("users", request, self._user)

    def tickets(self, request: Request) -> Reply:
        return self._export("tickets", request, lambda ticket: ticket_json(ticket, self.base))

    def _user(self, user: User) -> Any:
        return user_json(user, self.base, self._fields, self._oddities)

    def _export(self, name: str, request: Request, show: Callable[[Any], Any]) -> Reply:
        horizon = self._store.now().timestamp() - LEFT_OUT_S
        size = min(number(request.query, "per_page", PAGE, highest=PAGE), self._oddities.export_page)
        since = _since(request.query, horizon)
        rows = self._rows(name)
        begin, end = bisect_left(rows, since), bisect_right(rows, (horizon, NO_ID))
        shown = rows[begin : min(end, begin + size)]
        last = (shown[-1][0], shown[-1][1] + 1) if shown else since
        after = encode(f"{last[0]!r}|{last[1]}")
        following = urlencode({"cursor": after, "per_page": size})
        return Reply(200, {
            name: [show(row[2]) for row in shown],
            "after_cursor": after,
            "after_url": f"{self.base}/api/v2/incremental/{name}/cursor.json?{following}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": end - begin <= size,
        })  # fmt: skip

    def _rows(self, name: str) -> list[Any]:
        version, rows = self._sorted.get(name, (-1, []))
        if version != self._store.version:
            rows = sorted(self._latest(name), key=lambda row: row[:2])
            self._sorted[name] = (self._store.version, rows)
        return rows

    def _latest(self, name: str) -> list[Row]:
        records: Any = (self._store.users if name == "users" else self._store.tickets).values()
        latest = [record for history in records if (record := history.latest()) is not None]
        moment: Callable[[Any], datetime] = _updated if name == "users" else _changed
        return [(moment(record).timestamp(), record.id, record) for record in latest]


def _updated(record: Any) -> datetime:
    moment: datetime = record.updated_at
    return moment


def _changed(record: Any) -> datetime:
    moment: datetime = record.changed_at
    return moment


def _since(query: dict[str, str], horizon: float) -> tuple[float, int]:
    if query.get("cursor"):
        at, _, after = decode(query["cursor"]).partition("|")
        return float(at), int(after)
    try:
        start = int(query["start_time"])
    except (KeyError, ValueError):
        raise RestError(400, "InvalidValue", "start_time must be an epoch in seconds") from None
    if start > horizon:
        raise RestError(422, "StartTimeTooRecent", "start_time must be more than 60 seconds ago")
    return float(start), 0
