"""Sailthru as a test sees it: domain verbs, a consistent view, faults, and the server in front."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.courier import Delivery
from sandbox.quota import Quota
from sandbox.sailthru import errors
from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.api import Api, read_params
from sandbox.sailthru.book import Book
from sandbox.sailthru.customers import Customers
from sandbox.sailthru.lists import Lists
from sandbox.sailthru.marketers import Marketers
from sandbox.sailthru.postbacks import Postbacks
from sandbox.sailthru.profiles import Merge, Profile, Profiles
from sandbox.sailthru.writing import Writing
from sandbox.web.control import Control
from sandbox.web.faults import Fault
from sandbox.web.front import Front

LIMITS: dict[str, int | None] = {"POST /user": 18_000, "POST": 2_400, "GET": 18_000, "DELETE": 2_400}
VERBS = (
    "create_profile", "profile", "by_sid", "delete_profile", "change_email", "change_address", "merge",
    "set_vars", "set_score", "predict", "set_engagement", "add_lists", "set_smart_lists",
    "put_in_smart_list", "take_from_smart_list", "record", "join_list", "leave_list", "edit_optout", "lag",
    "open", "click", "view", "log_in", "sign_up", "purchase", "abandon", "set_optout", "save_user_page",
    "hard_bounce", "verify", "subscribe", "flush", "wait_idle", "fail_with", "set_latency", "set_limit",
    "set_oddity", "lift_quota", "forget_calls",
)  # fmt: skip


class Sailthru:
    """One Sailthru account. Verbs are things people do in Sailthru's own pages; all are thread-safe."""

    def __init__(self, now: Callable[[], datetime], *, port: int = 0, account: SailthruAccount | None = None,
                 seed: int = 0) -> None:  # fmt: skip
        self.account = account or SailthruAccount()
        self.oddities = SailthruOddities(seed=seed)
        self.quota = Quota(now, LIMITS)
        self.postbacks = Postbacks(self.account, self.oddities, now)
        profiles = Profiles(now, self.oddities, seed)
        lists = Lists(profiles, self.account)
        writing = Writing(profiles, lists.names, self.oddities)
        self._book = Book(profiles, lists, writing, self.postbacks)
        self._take_verbs(Marketers(self._book, self.oddities, now), Customers(self._book, now))
        api = Api(self.account, self.oddities, self.quota, book=self._book)
        control = Control({name: getattr(self, name) for name in VERBS}, self._state)
        front = Front(api.answer, read_params, now=now, control=control, port=port)
        self.server = front.server
        self.calls = front.calls
        self.faults = front.faults
        self.hold = front.faults.hold

    def _take_verbs(self, marketers: Marketers, customers: Customers) -> None:  # noqa: PLR0915 - one line for each verb
        self.create_profile = marketers.create_profile
        self.delete_profile = marketers.delete_profile
        self.change_email = self.change_address = marketers.change_email
        self.merge = marketers.merge
        self.set_vars = marketers.set_vars
        self.set_score = marketers.set_score
        self.predict = marketers.predict
        self.set_engagement = marketers.set_engagement
        self.add_lists = marketers.add_lists
        self.set_smart_lists = marketers.set_smart_lists
        self.put_in_smart_list = marketers.put_in_smart_list
        self.take_from_smart_list = marketers.take_from_smart_list
        self.record = marketers.record
        self.join_list = marketers.join_list
        self.leave_list = marketers.leave_list
        self.edit_optout = marketers.edit_optout
        self.lag = marketers.lag
        self.open = customers.open
        self.click = customers.click
        self.view = customers.view
        self.log_in = customers.log_in
        self.sign_up = customers.sign_up
        self.purchase = customers.purchase
        self.abandon = customers.abandon
        self.set_optout = customers.set_optout
        self.save_user_page = customers.save_user_page
        self.hard_bounce = customers.hard_bounce
        self.verify = customers.verify
        self.subscribe = self.postbacks.subscribe
        self.flush = self.postbacks.courier.flush
        self.wait_idle = self.postbacks.courier.wait_idle
        self.lift_quota = self.quota.lift

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def latency_s(self) -> float:
        """How long every answer takes; the request takes effect at once."""
        return self.server.latency_s

    @latency_s.setter
    def latency_s(self, value: float) -> None:
        self.server.latency_s = value

    @property
    def consistency_s(self) -> float:
        """GET /user shows the state of that long ago."""
        return self.oddities.consistency_s

    @consistency_s.setter
    def consistency_s(self, value: float) -> None:
        self.oddities.consistency_s = value

    @property
    def deliveries(self) -> list[Delivery]:
        """Every postback that was to be sent so far, oldest first, with its attempt."""
        return list(self.postbacks.courier.log)

    def profile(self, email: str) -> Profile | None:
        """The profile at this address as it surely is now."""
        with self._book.lock:
            return self._book.profiles.by_email(email)

    def by_sid(self, sid: str) -> Profile | None:
        with self._book.lock:
            return self._book.profiles.by_sid(sid)

    def profiles(self) -> list[Profile]:
        with self._book.lock:
            return list(self._book.profiles)

    @property
    def merges(self) -> list[Merge]:
        """Every join of two profiles so far, oldest first."""
        with self._book.lock:
            return list(self._book.profiles.merges)

    @property
    def lists(self) -> list[str]:
        with self._book.lock:
            return sorted(self._book.lists.names)

    def fail_with(self, code: int, message: str = "", *, status: int | None = None, times: int | None = 1,
                  method: str | None = None, path: str | None = None) -> Fault:  # fmt: skip
        """The next requests are answered with this error code instead of taking effect."""
        status = status or errors.STATUSES.get(code, 400)
        body = errors.body(code, message or f"Sandbox error {code}")
        return self.faults.answer(status, body, times=times, method=method, path=path)

    def set_latency(self, seconds: float) -> None:
        self.latency_s = seconds

    def set_limit(self, name: str, per_minute: int | None) -> None:
        """`POST /user`, `POST`, `GET` or `DELETE`: requests per wall-clock minute; None: no limit."""
        self.quota.limits[name] = per_minute

    def set_oddity(self, name: str, value: Any) -> None:
        getattr(self.oddities, name)
        setattr(self.oddities, name, value)

    def forget_calls(self) -> None:
        self.calls.forget()

    def stop(self) -> None:
        self.postbacks.courier.stop()
        self.server.stop()

    def _state(self) -> Any:
        return {"profiles": self.profiles(), "lists": self.lists, "merges": self.merges,
                "deliveries": len(self.deliveries), "refused": self.quota.refused,
                "calls": len(self.calls), "calls_by_kind": self.calls.kinds()}  # fmt: skip
