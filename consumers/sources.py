"""What can be read, and where: each system with the waits that its answers end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bridge.allowance import Allowance
from bridge.deciding.steps import SAILTHRU, SAILTHRU_GET, ZENDESK
from bridge.ledger.installations import Installation
from bridge.ledger.quotas import Grant
from bridge.ledger.waits import Wait
from consumers import acting, asking_sailthru, asking_zendesk
from consumers.asking import Asking
from consumers.parts import Parts


@dataclass(frozen=True)
class Source:
    """One system: the `kinds` of waits that reading in it ends, in the order of their urgency.

    `askings` turns due waits into calls, `grant` says how many of those the quota allows; `most` waits of a
    kind are taken in one transaction, and held for `hold`, which is longer than a call can take. `lane`: its
    calls wait while that lane is paused; readings never do.
    """

    system: str
    kinds: tuple[str, ...]
    askings: Callable[[Connection, Parts, Installation, Sequence[Wait]], list[Asking]]
    grant: Callable[[Allowance, Sequence[Asking]], Grant]
    most: int = 200
    hold: timedelta = timedelta(seconds=45)
    lane: str = ""


def _grant_zendesk(allowance: Allowance, planned: Sequence[Asking]) -> Grant:
    """Known customers come first: `planned` begins with theirs."""
    known = sum(not call.is_sight for call in planned)
    first = allowance.take(ZENDESK, known)
    if first.calls < known or known == len(planned):
        return first
    second = allowance.take_for_sight(len(planned) - known)
    return Grant(known + second.calls, second.wait_s)


def _grant_sailthru(allowance: Allowance, planned: Sequence[Asking]) -> Grant:
    return allowance.take(SAILTHRU_GET, len(planned))


IN_ZENDESK = Source(ZENDESK, asking_zendesk.KINDS, asking_zendesk.askings, _grant_zendesk)
IN_SAILTHRU = Source(SAILTHRU, asking_sailthru.KINDS, asking_sailthru.askings, _grant_sailthru, most=32)
FOR_AGENTS = Source(SAILTHRU, acting.KINDS, acting.askings, acting.grant, most=32, lane="agent")
