"""Errors, named by what happens next.

BridgeError
├── Rejected        the sender is told no (4xx); nothing is kept
├── Unavailable     ours is away: 503 at the door, or the worker waits
├── TryLater        the remote is away or busy: a due time, never a dead letter before 24 hours
│   └── SendAgain   nobody knows whether the write was applied: send now, and once more a minute later
├── Refused         this customer, this request: a dead letter
├── BadCredentials  that installation halts until its credentials work again
└── BadSettings     does not start; lists every fault at once
"""

from __future__ import annotations

from collections.abc import Sequence


class BridgeError(Exception):
    """Something the bridge names and knows how to go on from."""


class Rejected(BridgeError):
    """A delivery the sender is told no for.

    `code` is one short word that serves answer, log and metric alike; `status` the HTTP status.
    """

    def __init__(self, code: str, status: int, hint: str = "") -> None:
        super().__init__(f"{code}: {hint}" if hint else code)
        self.code = code
        self.status = status
        self.hint = hint


class Unavailable(BridgeError):
    """A part of ours is away. `part` is `broker` or `ledger`."""

    def __init__(self, part: str, detail: str = "") -> None:
        super().__init__(f"the {part} is away: {detail}" if detail else f"the {part} is away")
        self.part = part
        self.detail = detail


class TryLater(BridgeError):
    """A remote that may answer later.

    `reason` is a short code (`rate_limited`, `timeout`, `server_error`, …), `after_s` the least wait in
    seconds the remote asked for, or None when it named none. The write was surely not applied.
    """

    def __init__(self, system: str, reason: str, *, after_s: float | None = None, detail: str = "") -> None:
        super().__init__(f"{system}: {reason}" + (f" ({detail})" if detail else ""))
        self.system = system
        self.reason = reason
        self.after_s = after_s
        self.detail = detail


class SendAgain(TryLater):
    """The request left us and no answer came: it may have been applied, or may be applied yet."""


class Refused(BridgeError):
    """The remote refuses this request for this customer; a repeat would be refused too.

    `reason` is a short code (`bad_request`, `email_conflict`, `profile_gone`, …); `code` the vendor's own.
    """

    def __init__(self, system: str, reason: str, *, code: str = "", detail: str = "") -> None:
        super().__init__(f"{system} refused: {reason}" + (f" ({detail})" if detail else ""))
        self.system = system
        self.reason = reason
        self.code = code
        self.detail = detail


class BadCredentials(BridgeError):
    """The remote does not accept our credentials: that installation halts in this direction."""

    def __init__(self, system: str, detail: str = "") -> None:
        super().__init__(f"{system} does not accept the credentials" + (f": {detail}" if detail else ""))
        self.system = system
        self.detail = detail


class BadSettings(BridgeError):
    """Settings or an installation file that cannot be used; `faults` names every fault at once."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)
