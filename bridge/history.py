"""How it went in the last hour and the last day: what is counted every minute, and what that makes.

Nothing here needs the processes' own metrics, of which each machine has only its own: lanes, pushes and
quotas are counted in the ledger that all share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.broker.contract import LANES

SYSTEMS = ("zendesk", "sailthru")
SENT = "confirmed"
FAILED = ("later", "unknown", "refused", "halted")
SECOND = 1_000_000
LONGEST_GAP_S = 300  # what was counted before a longer pause is compared with nothing


@dataclass(frozen=True)
class Counts:
    """What was counted at one moment (`at`, microseconds), and since the count before it.

    By lane: `depth` of the queue and what is on the way there, `unapplied` events, `oldest_s`, events `kept`.
    `attempts` by system and outcome; `lags_s` of events that were applied; `quotas` what is left of each
    as (system, part), from 0 to 1.
    """

    at: int
    depth: Mapping[str, int] = field(default_factory=dict)
    unapplied: Mapping[str, int] = field(default_factory=dict)
    oldest_s: Mapping[str, float] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    lags_s: Sequence[float] = ()
    quotas: Sequence[tuple[str, float]] = ()


def numbers(before: Counts | None, now: Counts) -> dict[str, float]:
    """The numbers of this moment, series -> value; what flows is a minute's. Pure."""
    found: dict[str, float] = {}
    for lane in LANES:
        found[f"{lane}.depth"] = now.depth.get(lane, 0)
        found[f"{lane}.unapplied"] = now.unapplied.get(lane, 0)
        found[f"{lane}.oldest"] = now.oldest_s.get(lane, 0.0)
    for system, left in now.quotas:  # the one that is nearest its end stands for its system
        found[f"{system}.quota_left"] = min(left, found.get(f"{system}.quota_left", 1.0))
    if before is None or not 0 < now.at - before.at <= LONGEST_GAP_S * SECOND:
        return found
    minutes = (now.at - before.at) / (60 * SECOND)
    return found | _flows(before, now, minutes) | _pushes(now, minutes)


def _flows(before: Counts, now: Counts, minutes: float) -> dict[str, float]:
    """Whatever came is kept or still in the queue; whatever was kept and does not wait went out."""
    found: dict[str, float] = {}
    for lane in LANES:
        kept = now.kept.get(lane, 0)
        queued = now.depth.get(lane, 0) - before.depth.get(lane, 0)
        waiting = now.unapplied.get(lane, 0) - before.unapplied.get(lane, 0)
        found[f"{lane}.in"] = max(0, kept + queued) / minutes
        found[f"{lane}.out"] = max(0, kept - waiting) / minutes
    return found


def _pushes(now: Counts, minutes: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for system in SYSTEMS:
        failed = sum(now.attempts.get((system, outcome), 0) for outcome in FAILED)
        found[f"{system}.pushes"] = now.attempts.get((system, SENT), 0) / minutes
        found[f"{system}.errors"] = failed / minutes
    if now.lags_s:
        found["lag.p50"] = percentile(now.lags_s, 50)
        found["lag.p99"] = percentile(now.lags_s, 99)
    return found


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below or at which so many of a hundred lie."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def is_worst_by_most(series: str) -> bool:
    """Whether the most of ten minutes stands for them: of what is waited for. Of flows it is the mean."""
    return series.endswith((".depth", ".unapplied", ".oldest", ".p50", ".p99"))


def is_worst_by_least(series: str) -> bool:
    """Whether the least of ten minutes stands for them."""
    return series.endswith(".quota_left")
