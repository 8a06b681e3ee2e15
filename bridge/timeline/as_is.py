"""What both systems hold of one customer, read now, beside what they should hold.

Only when somebody asks for it: it costs a call to each, out of the account's share, and waits three seconds
at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from bridge.allowance import Allowance
from bridge.clock import Clock
from bridge.customer import EMAIL
from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.errors import BadCredentials, BridgeError, Refused, TryLater
from bridge.ledger import directions
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.metrics import count_remote_request
from bridge.remotes.accounts import Remotes
from bridge.remotes.zendesk_errors import NotFound

READ_S = 3.0
SAILTHRU, ZENDESK = "sailthru", "zendesk"
NOT_LINKED = "the customer is not linked to a profile"
LATE = f"no answer within {READ_S:g} s"
BUCKETS = {SAILTHRU: "sailthru.user.get", ZENDESK: "zendesk"}
TAG_ROW = f"tag {HIGH_VALUE_TAG}"  # as a customer's record calls it
FIELDS = tuple(one.key for one in USER_FIELDS)


@dataclass(frozen=True)
class Held:
    """What one system holds: values by field; or the `problem` that kept us from reading it, in words."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Reads:
    """Reads both systems for somebody who waits."""

    ledger: Ledger
    remotes: Remotes
    clock: Clock

    def both(self, installation: Installation, zendesk_id: int, sid: str | None) -> dict[str, Held]:
        """What each system holds of a customer, by the system's name. Raises `Unavailable` only."""
        calls: dict[str, Callable[[], Held]] = {
            SAILTHRU: lambda: self._sailthru(installation, sid or ""),
            ZENDESK: lambda: self._zendesk(installation, zendesk_id),
        }
        problems = {SAILTHRU: NOT_LINKED} if sid is None else {}
        problems |= self._hindrances(installation, [name for name in calls if name not in problems])
        held = self._asked({name: call for name, call in calls.items() if name not in problems})
        return held | {name: Held(problem=words) for name, words in problems.items()}

    def _hindrances(self, installation: Installation, systems: Sequence[str]) -> dict[str, str]:
        """Why a system is not asked now; of the others a call is taken from the account's share."""
        found: dict[str, str] = {}
        with self.ledger.writing() as connection:
            for name in systems:
                trouble = directions.troubled(connection, name).get(installation.id)
                if trouble is not None and trouble.is_paused:
                    found[name] = f"not asked: it is {trouble.state}, {trouble.reason.replace('_', ' ')}"
                elif not Allowance(connection, installation, self.clock).take(BUCKETS[name], 1).calls:
                    found[name] = "the account's share of calls is used up just now; try again in a minute"
        return found

    def _asked(self, calls: Mapping[str, Callable[[], Held]]) -> dict[str, Held]:
        """What came back in time. Nobody waits for a call that takes longer; it ends by itself."""
        pool = ThreadPoolExecutor(max(1, len(calls)))
        asked = {name: pool.submit(self._told, name, call) for name, call in calls.items()}
        wait(asked.values(), timeout=READ_S)
        pool.shutdown(wait=False, cancel_futures=True)
        late = Held(problem=LATE)
        return {name: future.result() if future.done() else late for name, future in asked.items()}

    def _told(self, system: str, call: Callable[[], Held]) -> Held:
        began, outcome = self.clock.monotonic(), "ok"
        try:
            return call()
        except BridgeError as error:
            outcome = getattr(error, "reason", "failed")
            return Held(problem=_problem(error))
        finally:
            count_remote_request(system, outcome, seconds=self.clock.monotonic() - began)

    def _sailthru(self, installation: Installation, sid: str) -> Held:
        remote = self.remotes.sailthru(installation)
        profile = remote.profile(sid, "sid", fields=("keys", "vars"), timeout_s=READ_S)
        if profile is None:
            return Held(problem="there is no such profile any more")
        return Held({**profile.vars, EMAIL: profile.email})

    def _zendesk(self, installation: Installation, zendesk_id: int) -> Held:
        try:
            reading = self.remotes.zendesk(installation).get(f"/api/v2/users/{zendesk_id}", read_s=READ_S)
        except NotFound:
            return Held(problem="there is no such user any more")
        user = reading.value.get("user") if isinstance(reading.value, Mapping) else None
        return Held(_user_values(user)) if isinstance(user, Mapping) else Held(problem="the reply is no user")


def _user_values(user: Mapping[str, Any]) -> dict[str, Any]:
    given, tags = user.get("user_fields"), user.get("tags")
    fields = given if isinstance(given, Mapping) else {}
    values = {key: _plain(fields.get(key)) for key in FIELDS if key in fields}
    return values | ({TAG_ROW: HIGH_VALUE_TAG in tags} if isinstance(tags, list) else {})


def _plain(value: Any) -> Any:
    """Zendesk answers a date as a moment, and an empty text as null or as nothing."""
    if isinstance(value, str):
        is_moment = value[10:].startswith("T00:00:00")
        return value[:10] if is_moment else value or None
    return value


def _problem(error: BridgeError) -> str:
    match error:
        case BadCredentials(system=system):
            return f"{system} does not accept the credentials"
        case TryLater(reason="timeout"):
            return LATE
        case TryLater(reason=reason) | Refused(reason=reason):
            return reason.replace("_", " ")
        case _:
            return str(error)


def beside(should: Sequence[Mapping[str, Any]], held: Held) -> list[dict[str, Any]]:
    """Each field that a system should hold beside what it holds; `differs` is None where that is not known.

    `should` are the rows of a customer's record: `field` and `should_hold`.
    """
    return [_row(one["field"], one["should_hold"], held) for one in should]


def _row(name: str, wanted: Any, held: Held) -> dict[str, Any]:
    is_known = not held.problem
    value = held.values.get(name)
    return {
        "field": name,
        "should_hold": wanted,
        "holds": value,
        "differs": _differs(wanted, value) if is_known else None,
    }


def _differs(wanted: Any, held: Any) -> bool:
    # A field that is to be empty may be missing, and one that is missing may be to be empty.
    return bool(wanted != held) and not (wanted in (None, "") and held in (None, ""))
