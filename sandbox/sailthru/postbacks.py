"""Sailthru's postbacks: signed forms that tell somebody else what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from sandbox.courier import Attempt, Courier, Delivery, Disorder
from sandbox.sailthru.account import SailthruAccount
from sandbox.sailthru.signing import sign

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Postbacks:
    """Renders and sends postbacks; `urls` maps an action to where it goes. Nothing is retried."""

    def __init__(self, account: SailthruAccount, now: Callable[[], datetime]) -> None:
        self.urls: dict[str, str] = {}
        self.courier = Courier(Disorder(), _never_again, now)
        self._account = account

    def subscribe(
        self, url: str, actions: tuple[str, ...] = ("optout", "update", "hardbounce", "verify")
    ) -> None:
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


def _never_again(_delivery: Delivery, _attempt: Attempt) -> float | None:
    return None
