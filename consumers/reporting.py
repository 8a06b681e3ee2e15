"""Says what was done: one log line for each attempt, and the metrics.

Never a value, an address or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from bridge import metrics
from bridge.ledger.events import FROM_EXPORTS, AppliedEvent
from bridge.ledger.installations import Installation
from consumers.concluding import Concluded, Result
from consumers.outcomes import Failed
from consumers.settled import Settled
from consumers.tracing import Traced, outcome
from consumers.verdicts import Dead, Halt, Later, Verdict

MICROS = 1_000_000

log = structlog.get_logger(__name__)


def report_applied(applied: Sequence[tuple[Installation, AppliedEvent]], now: int) -> None:
    """Count events whose facts are in Sailthru now, and how long that took."""
    for installation, event in applied:
        metrics.count_event(installation.name, type=event.type, outcome="applied")
        if not event.type.startswith(FROM_EXPORTS):  # nobody delivered those
            metrics.observe_lag(max(0.0, (now - event.received_at) / MICROS))


def report_concluded(concluded: Concluded, waiting: Traced, now: datetime) -> None:
    """One line for each attempt: later is information, dead is an error. One span, where somebody traces."""
    for result, settled in concluded.settled:
        _report(result, settled, waiting, now)


def _report(result: Result, settled: Settled, waiting: Traced, now: datetime) -> None:
    job = result.job
    said = {
        "action": f"push_{job.step.action}",
        "installation": job.installation.name,
        "customer": job.customer.zendesk_id,
        "attempt": job.customer.failures + 1,
        "duration_ms": round(result.seconds * 1000, 1),
        **waiting.ids(job.installation, job.customer.zendesk_id),
    }
    error = result.outcome.error if isinstance(result.outcome, Failed) else None
    say(said, settled.verdict, error, is_refused=error is not None)
    waiting.tell(
        job.installation,
        job.customer.zendesk_id,
        ended_at=now,
        seconds=result.seconds,
        action=f"push_{job.step.action}",
        attempt=job.customer.failures + 1,
        **outcome(settled.verdict, is_refused=error is not None),
    )


def say(
    said: Mapping[str, Any], verdict: Verdict | None, error: Exception | None, *, is_refused: bool
) -> None:
    """One line about one attempt, by the verdict on it; `said` are its ids."""
    match verdict:
        case None:
            log.info("The step was taken.", **said, outcome="refused" if is_refused else "confirmed")
        case Later(after_s, reason):
            log.info("It is tried again later.", **said, outcome="later", reason=reason, after_s=after_s)
            if reason == "bug":
                log.error("The bridge failed on it.", **said, outcome="bug", exc_info=error)
        case Dead(reason, text):
            log.error(text, **said, outcome="dead", reason=reason)
        case Halt(system, text):
            log.error(
                "The installation halts until its credentials work again: check them with `bridge check`.",
                **said,
                outcome="halted",
                system=system,
                error=text,
            )
