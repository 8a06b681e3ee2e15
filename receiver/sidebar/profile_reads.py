"""Reads a profile in Sailthru for somebody who waits for it: briefly, rarely, never for too many at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bridge.allowance import Allowance
from bridge.clock import Clock
from bridge.errors import BadCredentials, BridgeError, TryLater
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.installations import Installation
from bridge.metrics import count_remote_request
from bridge.profiles import fields_for
from bridge.remotes.sailthru import Sailthru
from bridge.remotes.sailthru_errors import SYSTEM
from receiver.sidebar.parts import SidebarParts
from receiver.turnstile import Turnstile
from schemas.sailthru_records import Profile

READ_S = 3.0
KEPT_S = 10.0  # one customer's profile, for tabs and agents that look at the same moment
LISTS_KEPT_S = 300.0
KEPT_AT_MOST = 1_000
ASKED_ANEW_S = 2.0  # a refresh button pressed again and again
REST_S = 5.0  # after a failure nobody of that installation waits for the next one

SLOW, DOWN, LIMITED, CREDENTIALS = "sailthru_slow", "sailthru_down", "rate_limited", "bad_credentials"

Value = TypeVar("Value")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Told:
    """What a reading came to: the profile, that there is none, or the `problem` that kept us from asking."""

    profile: Profile | None = None
    problem: str | None = None

    @property
    def is_gone(self) -> bool:
        """Sailthru answered that there is no such profile."""
        return self.profile is None and self.problem is None


class _Problem(Exception):
    """Why nothing was read; the code that the page shows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProfileReads:
    """One process's readings. Thread-safe."""

    def __init__(self, parts: SidebarParts, clock: Clock, turnstile: Turnstile) -> None:
        self._parts = parts
        self._clock = clock
        self._turnstile = turnstile
        self._kept: OrderedDict[tuple[int, str], tuple[float, Profile]] = OrderedDict()
        self._lists: dict[int, tuple[float, Sequence[str]]] = {}
        self._resting: dict[int, tuple[float, str]] = {}

    def profile(
        self, installation: Installation, sid: str, trouble: Direction | None, *, within_s: float = KEPT_S
    ) -> Told:
        """The profile, not older than `within_s`."""
        kept = self._kept.get((installation.id, sid))
        if kept is not None and self._clock.monotonic() - kept[0] <= within_s:
            return Told(kept[1])
        asked = fields_for(installation.settings.options)
        try:
            profile = self._read(
                installation,
                trouble,
                "user",
                lambda sailthru: sailthru.profile(sid, "sid", fields=asked, timeout_s=READ_S),
            )
        except _Problem as problem:
            return Told(problem=problem.code)
        if profile is None or profile.sid != sid:
            return Told()
        self._keep((installation.id, sid), profile)
        return Told(profile)

    def list_names(self, installation: Installation, trouble: Direction | None) -> Sequence[str] | None:
        """The lists that somebody can be put on; None when that could not be asked."""
        kept = self._lists.get(installation.id)
        if kept is not None and self._clock.monotonic() - kept[0] <= LISTS_KEPT_S:
            return kept[1]
        try:
            found = self._read(
                installation, trouble, "list", lambda sailthru: sailthru.lists(timeout_s=READ_S)
            )
        except _Problem:
            return None
        names = sorted({one.name for one in found if one.type == "normal"})
        self._lists[installation.id] = (self._clock.monotonic(), names)
        return names

    def _read(
        self,
        installation: Installation,
        trouble: Direction | None,
        endpoint: str,
        call: Callable[[Sailthru], Value],
    ) -> Value:
        self._look_out(installation.id, trouble)
        with self._turnstile.passing() as may_pass:
            if not may_pass:
                raise _Problem(SLOW)
            self._draw(installation, endpoint)
            return self._call(installation, call)

    def _look_out(self, installation_id: int, trouble: Direction | None) -> None:
        """Whom it is in vain to ask is not asked."""
        if trouble is not None and trouble.is_paused:
            raise _Problem(CREDENTIALS if trouble.state == HALTED else DOWN)
        until, code = self._resting.get(installation_id, (0.0, ""))
        if self._clock.monotonic() < until:
            raise _Problem(code)

    def _draw(self, installation: Installation, endpoint: str) -> None:
        with self._parts.ledger.writing() as connection:
            allowance = Allowance(connection, installation, self._clock)
            granted = allowance.take_for_agent(f"{SYSTEM}.{endpoint}.get", 1)
        if not granted.calls:
            raise _Problem(LIMITED)

    def _call(self, installation: Installation, call: Callable[[Sailthru], Value]) -> Value:
        began = self._clock.monotonic()
        outcome = "ok"
        try:
            return call(self._parts.remotes.sailthru(installation))
        except BridgeError as error:
            outcome = _code(error)
            self._resting[installation.id] = (self._clock.monotonic() + REST_S, outcome)
            log.warning(
                "A profile could not be read for the sidebar.",
                action="sidebar_read_failed",
                installation=installation.name,
                error=str(error),
            )
            raise _Problem(outcome) from None
        finally:
            count_remote_request(SYSTEM, outcome, seconds=self._clock.monotonic() - began)

    def _keep(self, key: tuple[int, str], profile: Profile) -> None:
        self._kept[key] = (self._clock.monotonic(), profile)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_AT_MOST:
            self._kept.popitem(last=False)


def _code(error: BridgeError) -> str:
    if isinstance(error, BadCredentials):
        return CREDENTIALS
    if isinstance(error, TryLater) and error.reason == "rate_limited":
        return LIMITED
    if isinstance(error, TryLater) and error.reason == "timeout":
        return SLOW
    return DOWN
