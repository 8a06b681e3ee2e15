"""Sailthru as a test sees it: domain verbs, a consistent view, faults, and the server in front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import Any, Literal

from sandbox.quota import Quota
from sandbox.sailthru import errors
from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.api import Api, read_params
from sandbox.sailthru.lists import Lists
from sandbox.sailthru.postbacks import Postbacks
from sandbox.sailthru.profiles import Merge, Profile, Profiles
from sandbox.sailthru.writing import Writing
from sandbox.web.control import Control
from sandbox.web.faults import Fault
from sandbox.web.front import Front

LIMITS: dict[str, int | None] = {"POST /user": 18_000, "POST": 2_400, "GET": 18_000, "DELETE": 2_400}
VERBS = (
    "create_profile", "profile", "by_sid", "delete_profile", "change_email",
    "set_vars", "set_engagement", "verify", "join_list", "leave_list",
    "set_optout", "set_smart_lists", "record", "hard_bounce", "subscribe",
    "fail_with", "set_latency", "set_limit", "set_oddity", "lift_quota",
    "forget_calls",
)  # fmt: skip


class Sailthru:
    """One Sailthru account. Verbs are things people do in Sailthru's own pages; all are thread-safe."""

    def __init__(self, now: Callable[[], datetime], *, port: int = 0, account: SailthruAccount | None = None,
                 seed: int = 0) -> None:  # fmt: skip
        self.account = account or SailthruAccount()
        self.oddities = SailthruOddities()
        self.quota = Quota(now, LIMITS)
        self.postbacks = Postbacks(self.account, now)
        self.subscribe = self.postbacks.subscribe
        self._now = now
        self._lock = RLock()
        self._profiles = Profiles(now, seed)
        self._lists = Lists(self._profiles, self.account)
        self._writing = Writing(self._profiles, self._lists.names, self.oddities)
        api = Api(self.account, self.oddities, self.quota,
                  profiles=self._profiles, lists=self._lists, lock=self._lock)  # fmt: skip
        control = Control({name: getattr(self, name) for name in VERBS}, self._state)
        front = Front(api.answer, read_params, now=now, control=control, port=port)
        self.server = front.server
        self.calls = front.calls
        self.faults = front.faults
        self.hold = front.faults.hold

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

    def profile(self, email: str) -> Profile | None:
        """The profile at this address as it surely is now."""
        with self._lock:
            return self._profiles.by_email(email)

    def by_sid(self, sid: str) -> Profile | None:
        with self._lock:
            return self._profiles.by_sid(sid)

    def profiles(self) -> list[Profile]:
        with self._lock:
            return list(self._profiles)

    @property
    def merges(self) -> list[Merge]:
        """Every join of two profiles so far, oldest first."""
        with self._lock:
            return list(self._profiles.merges)

    @property
    def lists(self) -> list[str]:
        with self._lock:
            return sorted(self._lists.names)

    def create_profile(self, email: str | None, *, lists: tuple[str, ...] | list[str] = (),
                       **fields: Any) -> str:  # fmt: skip
        """A new profile; `fields` as in `Profile` (vars, engagement, optout_email, …). Its sid."""
        with self._lock:
            self._lists.names.update(lists)
            fields["lists"] = dict.fromkeys(lists, self._now())
            return self._profiles.create(email, **fields).sid

    def add_lists(self, *names: str, smart: bool = False) -> None:
        with self._lock:
            (self._lists.smart if smart else self._lists.names).update(names)

    def delete_profile(self, email: str) -> None:
        with self._lock:
            self._profiles.remove(self._known(email))

    def change_email(self, email: str, new: str, *, conflict: Literal["merge", "error"] = "error") -> None:
        """A marketer changes the address in Sailthru. Raises SailthruError when it is taken."""
        with self._lock:
            sid = self._known(email).sid
            self._writing.post({"id": sid, "key": "sid", "keys": {"email": new}, "keysconflict": conflict})

    def set_vars(self, email: str, **values: Any) -> None:
        with self._lock:
            self._writing.post({"id": email, "key": "email", "vars": values})

    def set_engagement(self, email: str, engagement: str | None) -> None:
        self._change(email, engagement=engagement)

    def set_smart_lists(self, email: str, names: tuple[str, ...] | list[str]) -> None:
        self.add_lists(*names, smart=True)
        self._change(email, smart_lists=tuple(names))

    def record(self, email: str, *, activity: dict[str, datetime] | None = None,
               lifetime: dict[str, int] | None = None) -> None:  # fmt: skip
        """Adds times and totals of what the person did, e.g. `open_time`, `lifetime_open`."""
        with self._lock:
            known = self._known(email)
            self._change(email, activity={**known.activity, **(activity or {})},
                         lifetime={**known.lifetime, **(lifetime or {})})  # fmt: skip

    def join_list(self, email: str, name: str) -> None:
        self._write(email, lists={name: 1})

    def leave_list(self, email: str, name: str) -> None:
        self._write(email, lists={name: 0})

    def set_optout(self, email: str, mode: str) -> None:
        """The person opts out (or `none`: back in) on a hosted page; a postback tells of it."""
        self._write(email, optout_email=mode)
        out = "0" if mode == "none" else "1"
        self.postbacks.emit("optout", email=email, mode=mode, optout=out)

    def hard_bounce(self, email: str, *, send_id: str = "W1a2b3c4d5e6f7a8") -> None:
        self._change(email, engagement="hardbounce")
        self.postbacks.emit("hardbounce", email=email, send_id=send_id)

    def verify(self, email: str, *, send_id: str = "W1a2b3c4d5e6f7a8") -> None:
        """The person confirmed the double opt-in."""
        self.postbacks.emit("verify", email=email, send_id=send_id)

    def save_user_page(self, email: str, *, lists: dict[str, int], optout_email: str) -> None:
        """The person saved a hosted preference page; an `update` postback tells of it."""
        self._write(email, lists=lists, optout_email=optout_email)
        with self._lock:
            sid = self._known(email).sid
        flags = {f"lists[{name}]": str(value) for name, value in lists.items()}
        self.postbacks.emit("update", sid=sid, email=email, page="optout", optout_email=optout_email, **flags)

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

    def lift_quota(self) -> None:
        self.quota.lift()

    def forget_calls(self) -> None:
        self.calls.forget()

    def stop(self) -> None:
        self.postbacks.courier.stop()
        self.server.stop()

    def _known(self, email: str) -> Profile:
        profile = self._profiles.by_email(email)
        if profile is None:
            raise LookupError(f"no profile at {email}")
        return profile

    def _change(self, email: str, **fields: Any) -> None:
        with self._lock:
            self._profiles.put(replace(self._known(email), **fields))

    def _write(self, email: str, **asked: Any) -> None:
        with self._lock:
            self._writing.post({"id": self._known(email).sid, "key": "sid", **asked})

    def _state(self) -> Any:
        return {"profiles": self.profiles(), "lists": self.lists, "merges": self.merges,
                "refused": self.quota.refused, "calls": len(self.calls)}  # fmt: skip
