"""The Zendesk client: reads of users and tickets, writes of fields and tags, and any other call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from bridge.clock import Clock
from bridge.errors import BadCredentials, SendAgain, TryLater
from bridge.remotes.rates import RateReading, rate_reading
from bridge.remotes.transport import LARGEST_BODY, READ_S, Answer, Request, Transport
from bridge.remotes.zendesk_errors import SYSTEM, NotFound, checked
from bridge.remotes.zendesk_pages import Page, entries, page_of, page_query, part
from bridge.remotes.zendesk_token import TokenKeeper, token_keeper
from schemas import zendesk_jobs as jobs
from schemas import zendesk_records as records
from schemas.errors import Unreadable
from schemas.installation import ZendeskAccount
from schemas.zendesk_jobs import JobStatus, UserFieldRecord
from schemas.zendesk_records import TicketRecord, UserRecord

__all__ = ["Me", "Page", "RateReading", "Reading", "TicketRecord", "UserRecord", "Zendesk"]

MOST_USERS = 100
MOST_PAGES = 20  # of user fields; an account has a few hundred at most
JSON = "application/json"
_HEADERS = {
    "Accept": JSON,
    "Accept-Encoding": "gzip",
    "User-Agent": "sailthru-zendesk-bridge",
}

Value = TypeVar("Value")


@dataclass(frozen=True)
class Reading(Generic[Value]):
    """What was read, and when the request for it was *sent*, on the server's clock.

    That is its `Date`, a whole second, less the time that the call took; our own clock if it sent none.
    """

    value: Value
    sent_at: datetime


@dataclass(frozen=True)
class Me:
    """The user that we act as. `skew_s` is how far Zendesk's clock is ahead of ours, to about a second."""

    user: UserRecord
    skew_s: float | None


class Zendesk:
    """Calls one Zendesk account.

    Every method raises `TryLater`, `SendAgain` (a write whose outcome nobody knows), `Refused` or
    `BadCredentials`, and nothing else. `on_rate` is told what each reply says of the quota; it is called in
    the caller's thread and must be quick. Signing in and, after a 401, once again may cost a call more.
    """

    def __init__(
        self,
        account: ZendeskAccount,
        *,
        clock: Clock,
        on_rate: Callable[[RateReading], None],
        token: TokenKeeper | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._account = account
        self._on_rate = on_rate
        self._transport = transport or Transport(clock)
        self._token = token or token_keeper(account, transport=self._transport, clock=clock)

    def user(self, id: int) -> Reading[UserRecord] | None:  # noqa: A002 - the vendor's word
        """One user, or None when Zendesk has none with this id. A deleted one reads as not active."""
        reading = self._found(f"/api/v2/users/{int(id)}")
        return reading and _as(reading, lambda record: records.user(part(record, "user")))

    def users(self, ids: Sequence[int]) -> Reading[tuple[UserRecord, ...]]:
        """Up to 100 users in one call. Unknown ids are left out of the answer."""
        if not 0 < len(ids) <= MOST_USERS:
            raise ValueError(f"between 1 and {MOST_USERS} users can be read at once, not {len(ids)}")
        reading = self.get("/api/v2/users/show_many", {"ids": ",".join(str(int(one)) for one in ids)})
        return _as(reading, lambda record: tuple(records.user(one) for one in entries(record, "users")))

    def tickets_of(
        self, user_id: int, after: str | None = None, *, read_s: float = READ_S
    ) -> Reading[Page[TicketRecord]] | None:
        """One page of the tickets that a user has requested, or None when there is no such user."""
        query = page_query(after)
        reading = self._found(f"/api/v2/users/{int(user_id)}/tickets/requested", query, read_s)
        return reading and _as(reading, lambda record: page_of(record, "tickets", records.ticket, after))

    def ticket(self, id: int) -> Reading[TicketRecord] | None:  # noqa: A002 - the vendor's word
        """One ticket, or None when Zendesk has none with this id."""
        reading = self._found(f"/api/v2/tickets/{int(id)}")
        return reading and _as(reading, lambda record: records.ticket(part(record, "ticket")))

    def set_user_fields(self, id: int, values: Mapping[str, Any]) -> None:  # noqa: A002 - the vendor's word
        """Set custom fields of one user, by key; None empties one. The others stay."""
        self.put(f"/api/v2/users/{int(id)}", {"user": {"user_fields": dict(values)}})

    def set_fields_of_many(self, values: Mapping[int, Mapping[str, Any]]) -> JobStatus:
        """Ask for custom fields of up to 100 users to be set, in this order: a job does it later.

        Nothing else is ever sent this way: `tags` in it would replace whole lists of tags.
        """
        if not 0 < len(values) <= MOST_USERS:
            raise ValueError(f"between 1 and {MOST_USERS} users can be changed at once, not {len(values)}")
        users = [{"id": int(number), "user_fields": dict(fields)} for number, fields in values.items()]
        reading = self.put("/api/v2/users/update_many", {"users": users})
        try:
            return jobs.job_status(reading.value)
        except Unreadable as error:
            raise SendAgain(SYSTEM, "garbled", detail=error.fault) from None

    def job_status(self, id: str) -> JobStatus:  # noqa: A002 - the vendor's word
        """How a job stands. One that is forgotten raises `NotFound`."""
        reading = self.get(f"/api/v2/job_statuses/{quote(id, safe='')}")
        return _as(reading, jobs.job_status).value

    def user_fields(self) -> tuple[UserFieldRecord, ...]:
        """All user fields of the account."""
        found: list[UserFieldRecord] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            query = page_query(after)
            reading = self.get("/api/v2/user_fields", query)
            page = _as(reading, partial(page_of, name="user_fields", read=jobs.user_field, asked=after)).value
            found += [one for one in page.items if one is not None]
            after = page.after
            if after is None:
                break
        return tuple(found)

    def add_user_tags(self, id: int, tags: Sequence[str]) -> None:  # noqa: A002 - the vendor's word
        """Add tags to a user; the others stay."""
        self.put(f"/api/v2/users/{int(id)}/tags", {"tags": list(tags)})

    def remove_user_tags(self, id: int, tags: Sequence[str]) -> None:  # noqa: A002 - the vendor's word
        """Remove tags from a user; the others stay."""
        self.delete(f"/api/v2/users/{int(id)}/tags", {"tags": list(tags)})

    def add_ticket_tags(self, id: int, tags: Sequence[str]) -> None:  # noqa: A002 - the vendor's word
        """Add tags to a ticket; the others stay."""
        self.put(f"/api/v2/tickets/{int(id)}/tags", {"tags": list(tags)})

    def remove_ticket_tags(self, id: int, tags: Sequence[str]) -> None:  # noqa: A002 - the vendor's word
        """Remove tags from a ticket; the others stay."""
        self.delete(f"/api/v2/tickets/{int(id)}/tags", {"tags": list(tags)})

    def me(self) -> Me:
        """The user that we act as; harmless, and so the probe for credentials and clocks."""
        answer = self._answer("GET", "/api/v2/users/me")
        reading = Reading(self._checked(answer, "GET"), answer.sent_at)
        mine = _as(reading, lambda record: part(record, "user")).value
        if not mine.get("id"):
            # a caller who is not signed in is no error to this address: it answers with nobody
            raise BadCredentials(SYSTEM, "the reply is for an anonymous user")
        user = _as(Reading(mine, answer.sent_at), records.user).value
        server_at = answer.server_at
        skew = None if server_at is None else (server_at - answer.received_at).total_seconds()
        return Me(user=user, skew_s=skew)

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        read_s: float = READ_S,
        largest: int = LARGEST_BODY,
    ) -> Reading[Any]:
        """GET any path (`/api/v2/…`); the reply's JSON. A missing record raises `NotFound`, a `Refused`."""
        full = f"{path}?{urlencode(query)}" if query else path
        answer = self._answer("GET", full, read_s=read_s, largest=largest)
        return Reading(self._checked(answer, "GET"), answer.sent_at)

    def post(self, path: str, body: Any = None) -> Reading[Any]:
        """POST JSON to any path; the reply's JSON, None when it has no body."""
        return self._written("POST", path, body)

    def put(self, path: str, body: Any = None) -> Reading[Any]:
        """PUT JSON to any path; the reply's JSON, None when it has no body."""
        return self._written("PUT", path, body)

    def delete(self, path: str, body: Any = None) -> Reading[Any]:
        """DELETE any path, with a body where the call takes one (tags); the reply's JSON or None."""
        return self._written("DELETE", path, body)

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = JSON,
        read_s: float = READ_S,
    ) -> Answer:
        """Any call with any body; the answer as it came, which was a good one."""
        answer = self._answer(method, path, body, content_type, read_s=read_s)
        if not 200 <= answer.status < 300:
            self._checked(answer, method)
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def _found(
        self, path: str, query: Mapping[str, str] | None = None, read_s: float = READ_S
    ) -> Reading[Any] | None:
        try:
            return self.get(path, query, read_s=read_s)
        except NotFound:
            return None

    def _written(self, method: str, path: str, body: Any) -> Reading[Any]:
        text = (
            None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
        )
        answer = self._answer(method, path, text)
        return Reading(self._checked(answer, method), answer.sent_at)

    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = JSON,
        **limits: Any,
    ) -> Answer:
        """`limits` are `read_s` and `largest`, where they are not the usual ones."""
        authorization = self._token.header()
        headers = {**_HEADERS, "Authorization": authorization, "Content-Type": content_type}
        answer = self._sent(method, path, body, headers, **limits)
        if answer.status == 401 and self._token.renewed(authorization):
            headers["Authorization"] = self._token.header()
            answer = self._sent(method, path, body, headers, **limits)
        return answer

    def _checked(self, answer: Answer, method: str) -> Any:
        account = self._account
        return checked(
            answer, method, (account.oauth_client_secret, account.api_token, *self._token.secrets())
        )

    def _sent(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], **limits: Any
    ) -> Answer:
        url = f"{self._account.url.rstrip('/')}{path}"
        answer = self._transport.send(Request(SYSTEM, method, url, headers, body, **limits))
        reading = rate_reading(
            SYSTEM, SYSTEM, headers=answer.headers, at=answer.received_at, server_at=answer.server_at
        )
        if reading is not None:
            self._on_rate(reading)
        return answer


def _as(reading: Reading[Any], read: Callable[[Any], Value]) -> Reading[Value]:
    try:
        return Reading(read(reading.value), reading.sent_at)
    except Unreadable as error:
        raise TryLater(SYSTEM, "garbled", detail=error.fault) from None
