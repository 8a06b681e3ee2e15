"""The steps a pusher can take with one customer: one remote call each, or none. Values only.

Between two steps the ledger is written, so a step never relies on the process that took the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bridge.customer import EMAIL, Link
from bridge.deciding.projection import TICKETS_VAR
from bridge.ledger.events import APPLIED

SAILTHRU_GET = "sailthru.user.get"
SAILTHRU_POST = "sailthru.user.post"
SAILTHRU = "sailthru"
ZENDESK = "zendesk"


@dataclass(frozen=True)
class LookUp:
    """Ask Sailthru for the profile at an address, or of a sid that was linked once.

    `key` is `email` or `sid`.
    """

    id: str
    key: str
    tried: tuple[str, ...] = ()  # what this search has accounted for before
    action: ClassVar[str] = "look_up"
    bucket: ClassVar[str] = SAILTHRU_GET


@dataclass(frozen=True)
class Create:
    """Make a profile at an address where there is none."""

    address: str
    vars: Mapping[str, Any]
    action: ClassVar[str] = "create"
    bucket: ClassVar[str] = SAILTHRU_POST


@dataclass(frozen=True)
class Write:
    """Write vars, and the address where it is owed, to the linked profile.

    `expected` is the address that the reply must show. `merges` joins the profile that holds the address;
    `is_aside` moves to one of the customer's former addresses, out of a circle.
    """

    sid: str
    vars: Mapping[str, Any]
    email: str | None = None
    expected: str | None = None
    merges: bool = False
    is_aside: bool = False
    action: ClassVar[str] = "write"
    bucket: ClassVar[str] = SAILTHRU_POST


@dataclass(frozen=True)
class AskHolder:
    """Ask who holds the address that Sailthru would not give us."""

    address: str
    action: ClassVar[str] = "ask_holder"
    bucket: ClassVar[str] = SAILTHRU_GET


@dataclass(frozen=True)
class ReadBack:
    """Ask for the tickets var after some left it: does Sailthru merge or replace an object?"""

    sid: str
    gone: tuple[str, ...]
    action: ClassVar[str] = "read_back"
    bucket: ClassVar[str] = SAILTHRU_GET


@dataclass(frozen=True)
class CheckHolder:
    """Read in Zendesk, now, whether the holder of the address is inactive."""

    zendesk_id: int
    action: ClassVar[str] = "check_holder"
    bucket: ClassVar[str] = ZENDESK


@dataclass(frozen=True)
class Rest:
    """Nothing to send now.

    `state` says why. `again_s`: when to look again (None: when something changes); `hold_s`: how long new
    facts do not pull that forward. `outcome` is what becomes of the customer's events (None: they wait on),
    `link` what the search came to.
    """

    state: str
    again_s: float | None = None
    hold_s: float = 0.0
    outcome: str | None = APPLIED
    link: Link | None = None


Call = LookUp | Create | Write | AskHolder | ReadBack | CheckHolder
Step = Call | Rest


def sent_keys(step: Call) -> dict[str, tuple[str, ...]]:
    """The names of what a step writes, each with the keys of its object (of the address: itself)."""
    if not isinstance(step, (Create, Write)):
        return {}
    keys = {name: tuple(value) if name == TICKETS_VAR else () for name, value in step.vars.items()}
    if isinstance(step, Write) and step.email is not None:
        keys[EMAIL] = (step.email,)
    return keys
