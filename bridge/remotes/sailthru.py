"""The Sailthru client: one signed call at a time, over connections kept alive, from any number of threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from bridge.clock import Clock
from bridge.remotes.rates import RateReading, rate_reading
from bridge.remotes.sailthru_errors import SYSTEM, Call, UserNotFound, checked
from bridge.remotes.sailthru_signing import signed_parameters
from bridge.remotes.transport import READ_S, Answer, Request, Transport
from schemas import sailthru_records as records
from schemas.installation import SailthruAccount
from schemas.sailthru_records import AccountRecord, ListRecord, Profile

__all__ = ["AccountRecord", "ListRecord", "Profile", "RateReading", "Sailthru"]

USER_AGENT = "sailthru-zendesk-bridge"
_ASKING = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
_SENDING = {**_ASKING, "Content-Type": "application/x-www-form-urlencoded"}


class Sailthru:
    """Calls one Sailthru account.

    Every method raises `TryLater`, `SendAgain` (a write whose outcome nobody knows), `Refused` or
    `BadCredentials`, and nothing else. `on_rate` is told what each reply says of the quota; it is called in
    the caller's thread and must be quick.
    """

    def __init__(
        self,
        account: SailthruAccount,
        *,
        clock: Clock,
        on_rate: Callable[[RateReading], None],
        transport: Transport | None = None,
        read_s: float = READ_S,
    ) -> None:
        self._account = account
        self._on_rate = on_rate
        self._transport = transport or Transport(clock)
        self._read_s = read_s

    def profile(
        self,
        id: str,  # noqa: A002 - the vendor's word
        key: str,
        *,
        fields: Sequence[str],
        timeout_s: float | None = None,
    ) -> Profile | None:
        """The profile with this id, or None when there is none. `key` says what the id is: `email` or `sid`.

        `fields` names what the reply shall hold (`keys`, `vars`, `lists`, `engagement`, `optout_email`,
        `activity`, `lifetime`, `smart_lists`); what was not asked for is empty. `/user` may lag some seconds
        behind a write.
        """
        asked = {"id": id, "key": key, "fields": dict.fromkeys(fields, 1)}
        call = self._call("GET", key=key, hidden=(id,))
        try:
            record, sent_at = self._send(call, "user", asked, timeout_s)
        except UserNotFound:
            return None
        return records.profile(record, sent_at)

    def write(  # noqa: PLR0913 - one parameter for each thing that a write may say
        self,
        id: str,  # noqa: A002
        key: str,
        *,
        vars: Mapping[str, Any] | None = None,  # noqa: A002
        email: str | None = None,
        keysconflict: str = "error",
        lists: Mapping[str, int] | None = None,
        optout_email: str | None = None,
        fields: Sequence[str] = ("keys",),
        timeout_s: float | None = None,
    ) -> Profile:
        """One `POST /user`; what the reply showed of the profile.

        `email` is the address that the profile shall have; `keysconflict` (`error` or `merge`) what happens
        when another profile has it. `lists` maps names to 1 (join) or 0 (leave). Beware: an id that does not
        exist makes a new profile. `Refused.reason` is `profile_gone` for a sid that no longer exists and
        `email_conflict` when the address belongs to another profile.
        """
        asked: dict[str, Any] = {"id": id, "key": key, "fields": dict.fromkeys(fields, 1)}
        if email is not None:
            asked |= {"keys": {"email": email}, "keysconflict": keysconflict}
        given = {"vars": vars, "lists": lists, "optout_email": optout_email}
        asked |= {name: value for name, value in given.items() if value is not None}
        call = self._call("POST", key=key, hidden=(id, email or ""))
        record, sent_at = self._send(call, "user", asked, timeout_s)
        return records.profile(record, sent_at)

    def lists(self, *, timeout_s: float | None = None) -> tuple[ListRecord, ...]:
        """All lists of the account: the only names that may be offered, for a wrong one would be created."""
        return records.lists(self.get("list", {}, timeout_s=timeout_s))

    def settings(self) -> AccountRecord:
        """What the account says of itself; harmless, and so the probe for credentials."""
        return records.account(self.get("settings", {}))

    def get(
        self, endpoint: str, asked: Mapping[str, Any], *, timeout_s: float | None = None
    ) -> dict[str, Any]:
        """GET any other endpoint (`list`, `job`, …); the reply's object."""
        return self._send(self._call("GET"), endpoint, asked, timeout_s)[0]

    def post(self, endpoint: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """POST to any other endpoint; the reply's object."""
        return self._send(self._call("POST"), endpoint, asked)[0]

    def delete(self, endpoint: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DELETE at any endpoint; the reply's object."""
        return self._send(self._call("DELETE"), endpoint, asked)[0]

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def _call(self, method: str, *, key: str = "", hidden: tuple[str, ...] = ()) -> Call:
        account = self._account
        return Call(method=method, key=key, hidden=(account.api_secret, account.api_key, *hidden))

    def _send(
        self, call: Call, endpoint: str, asked: Mapping[str, Any], timeout_s: float | None = None
    ) -> tuple[dict[str, Any], datetime]:
        answer = self._transport.send(self._request(call.method, endpoint, asked, timeout_s or self._read_s))
        self._report(endpoint, call.method, answer)
        return checked(answer, call), answer.sent_at

    def _request(self, method: str, endpoint: str, asked: Mapping[str, Any], read_s: float) -> Request:
        # ASCII, so that no text, however broken, fails to be encoded
        text = json.dumps(asked, separators=(",", ":"), allow_nan=False)
        parameters = _encoded(signed_parameters(self._account.api_key, self._account.api_secret, text))
        url = f"{self._account.url.rstrip('/')}/{endpoint}"
        if method == "POST":
            return Request(SYSTEM, method, url, _SENDING, parameters.encode("ascii"), read_s)
        return Request(SYSTEM, method, f"{url}?{parameters}", _ASKING, None, read_s)

    def _report(self, endpoint: str, method: str, answer: Answer) -> None:
        reading = rate_reading(
            SYSTEM,
            f"{SYSTEM}.{endpoint}.{method.lower()}",
            headers=answer.headers,
            at=answer.received_at,
            server_at=answer.server_at,
        )
        if reading is not None:
            self._on_rate(reading)


# `urlencode` looks at each letter in Python; of JSON every fourth has to be quoted.
_QUOTED = str.maketrans({chr(code): quote_plus(chr(code)) for code in range(128)})


def _encoded(parameters: Mapping[str, str]) -> str:
    """A form, of ASCII texts."""
    return "&".join(f"{name}={text.translate(_QUOTED)}" for name, text in parameters.items())
