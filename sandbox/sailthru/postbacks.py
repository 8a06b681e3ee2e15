"""Sailthru's postbacks: signed forms that tell somebody else what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.courier import Attempt, Courier, Delivery
from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.profiles import Profile
from sandbox.sailthru.signing import sign

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ACTIONS = ("optout", "update", "hardbounce", "verify")


class Postbacks:
    """Renders and sends postbacks; `urls` maps an action to where it goes. Nothing is retried."""

    def __init__(
        self, account: SailthruAccount, oddities: SailthruOddities, now: Callable[[], datetime]
    ) -> None:
        self.urls: dict[str, str] = {}
        self.courier = Courier(oddities, _never_again, now)
        self._account = account
        self._oddities = oddities

    def subscribe(self, url: str, actions: tuple[str, ...] | list[str] = ACTIONS) -> None:
        """Sends these kinds of postback to the address from now on."""
        self.urls.update(dict.fromkeys(actions, url))

    def render(self, action: str, /, **fields: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a signed postback, unsent. Brackets in names: pass `**{"lists[A]": "0"}`."""
        values = {"action": action, "api_key": self._account.api_key, **fields}
        values["sig"] = sign(self._account.api_secret, values.values())
        return dict(FORM), urlencode(values).encode()

    def emit(self, action: str, /, **fields: str) -> None:
        """Sends one, if somebody subscribed to its kind."""
        url = self.urls.get(action)
        if url is not None:
            headers, body = self.render(action, **fields)
            self.courier.send(Delivery(url, body, lambda: headers, action))

    def optout(self, before: Profile, after: Profile, **more: str) -> None:
        """Somebody opted out, or back in: `mode` is the opt-out that began or ended."""
        is_out = after.optout_email != "none"
        mode = after.optout_email if is_out else before.optout_email
        self.emit("optout", email=after.email or "", mode=mode, optout="1" if is_out else "0", **more)

    def update(self, profile: Profile, asked: Mapping[str, Any], *, page: str) -> None:
        """What was asked of a profile was done on this page."""
        sid = {"sid": profile.sid} if self._oddities.update_sid else {}
        flags = {f"lists[{name}]": str(int(wanted in (1, "1", True)))
                 for name, wanted in (asked.get("lists") or {}).items()}  # fmt: skip
        values = dict(leaf for name, value in (asked.get("vars") or {}).items()
                      for leaf in leaves(f"vars[{name}]", value))  # fmt: skip
        self.emit("update", **sid, email=profile.email or "", page=page,
                  optout_email=profile.optout_email, **flags, **values)  # fmt: skip

    def echo(self, before: Profile | None, after: Profile, asked: Mapping[str, Any], *, page: str) -> None:
        """The postbacks of one write, whether or not it changed anything."""
        self.update(after, asked, page=page)
        if before is not None and before.optout_email != after.optout_email:
            self.optout(before, after)


def leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A value as fields of a form: nested names for what is inside; true is 1, false and null are empty."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from leaves(f"{name}[{key}]", entry)
    elif isinstance(value, list | tuple):
        for place, entry in enumerate(value):
            yield from leaves(f"{name}[{place}]", entry)
    elif value is None or isinstance(value, bool):
        yield name, "1" if value else ""
    else:
        yield name, str(value)


def _never_again(_delivery: Delivery, _attempt: Attempt) -> float | None:
    return None
