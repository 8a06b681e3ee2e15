"""Profiles and where they are found: by sid and by address, now or as they were a while ago."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.moments import History
from sandbox.sailthru.account import SailthruOddities

STRICTNESS = ("none", "blast", "basic", "all")


@dataclass(frozen=True, slots=True)
class Profile:
    """One Sailthru profile. `lists` is name -> sign-up time; `activity` is name -> time."""

    sid: str
    cookie: str
    email: str | None
    extid: str | None = None
    sms: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, datetime] = field(default_factory=dict)
    engagement: str | None = "new"
    optout_email: str = "none"
    activity: Mapping[str, datetime] = field(default_factory=dict)
    lifetime: Mapping[str, int] = field(default_factory=dict)
    device: Mapping[str, str] = field(default_factory=dict)
    smart_lists: tuple[str, ...] = ()
    purchases: tuple[Mapping[str, Any], ...] = ()
    purchase_incomplete: tuple[Mapping[str, Any], ...] = ()
    predictions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge:
    """Two profiles became one; `gone` was joined into `kept`."""

    kept: str
    gone: str
    at: datetime


def normal(address: str) -> str:
    """An address as Sailthru keeps it."""
    return address.strip().lower()


def join(kept: Profile, gone: Profile) -> Profile:
    """The profile being changed wins; lists, vars and purchases are combined; the strictest opt-out stays."""
    totals = {
        name: kept.lifetime.get(name, 0) + gone.lifetime.get(name, 0)
        for name in {*kept.lifetime, *gone.lifetime}
    }
    return replace(
        kept,
        vars={**gone.vars, **kept.vars},
        lists={**gone.lists, **kept.lists},
        activity={**gone.activity, **kept.activity},
        smart_lists=tuple(dict.fromkeys((*kept.smart_lists, *gone.smart_lists))),
        lifetime=totals,
        purchases=(*gone.purchases, *kept.purchases),
        optout_email=max(kept.optout_email, gone.optout_email, key=STRICTNESS.index),
    )


class Profiles:
    """All profiles. Not locked: its owner holds the lock around each call."""

    def __init__(self, now: Callable[[], datetime], oddities: SailthruOddities, seed: int = 0) -> None:
        self.now = now
        self._oddities = oddities
        self.merges: list[Merge] = []
        self._random = random.Random(seed)  # noqa: S311 - ids, not secrets
        self._records: dict[str, History[Profile]] = {}
        self._addresses: dict[str, History[str]] = {}
        self._lags: dict[str, float] = {}

    def __iter__(self) -> Iterator[Profile]:
        return (profile for record in self._records.values() if (profile := record.latest()) is not None)

    def by_sid(self, sid: str) -> Profile | None:
        record = self._records.get(sid)
        return None if record is None else record.latest()

    def by_email(self, address: str) -> Profile | None:
        holder = self._addresses.get(normal(address))
        sid = None if holder is None else holder.latest()
        return None if sid is None else self.by_sid(sid)

    def find(self, key: str, value: str) -> Profile | None:
        """By any key, as it is now; the rare ones are searched one by one."""
        if key == "sid":
            return self.by_sid(self._leading(value))
        if key == "email":
            return self.by_email(value)
        return next((profile for profile in self if getattr(profile, key, None) == value), None)

    def seen(self, key: str, value: str) -> Profile | None:
        """As `find`, but as a read shows it: each profile as it was its own while ago."""
        fresh = self._oddities.fresh_fraction
        if fresh and self._random.random() < fresh:
            return self.find(key, value)
        if key == "sid":
            return self._past(self._leading(value))
        if key == "email":
            return self._seen_at(normal(value))
        return next((past for each in self if (past := self._past(each.sid)) is not None
                     and getattr(past, key, None) == value), None)  # fmt: skip

    def set_lag(self, sid: str, seconds: float | None) -> None:
        """Reads show this profile as it was that long ago; None: as all the others."""
        if seconds is None:
            self._lags.pop(sid, None)
        else:
            self._lags[sid] = seconds

    def _past(self, sid: str) -> Profile | None:
        record = self._records.get(sid)
        ago_s = self._lags.get(sid, self._oddities.consistency_s)
        if record is None or not ago_s:
            return None if record is None else record.latest()
        return record.at(self.now() - timedelta(seconds=ago_s))

    def _seen_at(self, address: str) -> Profile | None:
        holders = self._addresses.get(address, History[str]()).values()
        seen = (self._past(sid) for sid in dict.fromkeys(holders))
        return next((past for past in seen if past is not None and past.email == address), None)

    def _leading(self, sid: str) -> str:
        """Where a sid leads: to its own profile, or the one that its profile was merged into."""
        if self._oddities.merged_sid == "follows":
            for merge in self.merges:
                sid = merge.kept if merge.gone == sid else sid
        return sid

    def create(self, address: str | None, **fields: Any) -> Profile:
        """A new profile; the address must be free. Raises ValueError."""
        if address is not None and self.by_email(address) is not None:
            raise ValueError(f"{address} has a profile already")
        sid = f"{self._random.getrandbits(96):024x}"
        cookie = f"{self._random.getrandbits(352):088x}"
        activity = {"create_time": self.now(), **fields.pop("activity", {})}
        email = None if address is None else normal(address)
        profile = Profile(sid, cookie, email, activity=activity, **fields)
        self._records[sid] = History()
        self.put(profile)
        return profile

    def put(self, profile: Profile) -> None:
        """Stores a new version and moves its address, if that changed."""
        before = self._records[profile.sid].latest()
        at = self.now()
        if before is not None and before.email is not None and before.email != profile.email:
            self._addresses[before.email].put(None, at)
        if profile.email is not None and (before is None or before.email != profile.email):
            self._addresses.setdefault(profile.email, History()).put(profile.sid, at)
        self._records[profile.sid].put(profile, at)

    def remove(self, profile: Profile) -> None:
        at = self.now()
        self._records[profile.sid].put(None, at)
        if profile.email is not None:
            self._addresses[profile.email].put(None, at)

    def merge(self, kept: Profile, gone: Profile) -> Profile:
        """Joins `gone` into `kept`; `gone` exists no longer."""
        self.remove(gone)
        joined = join(kept, gone)
        self.put(joined)
        self.merges.append(Merge(kept.sid, gone.sid, self.now()))
        return joined
