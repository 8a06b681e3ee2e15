"""Says what the way back did: one log line for each attempt. Never a value, an address or a secret."""

from __future__ import annotations

from datetime import datetime

import structlog

from consumers.reporting import say
from consumers.to_zendesk.account import Missing
from consumers.to_zendesk.calls import JobLook
from consumers.to_zendesk.concluding import Concluded, Told
from consumers.to_zendesk.outcomes import Failed
from consumers.tracing import Traced, outcome

log = structlog.get_logger(__name__)


def report(concluded: Concluded, waiting: Traced, now: datetime) -> None:
    """Everything that one transaction came to, after it is committed."""
    for told in concluded.told:
        _report(told, waiting, now)
    for look, state in concluded.looked:
        _report_look(look, state)
    for missing in concluded.missing:
        _report_missing(missing)


def _report(told: Told, waiting: Traced, now: datetime) -> None:
    came, settled = told.ended.outcome, told.settled
    said = {
        "action": f"push_{told.ended.step.action}",
        "installation": told.installation.name,
        "customer": told.ended.zendesk_id,
        "attempt": max(1, settled.user.failures),
        "duration_ms": round(told.seconds * 1000, 1),
        **waiting.ids(told.installation, told.ended.zendesk_id),
    }
    error = came.error if isinstance(came, Failed) else None
    say(said, settled.verdict, error, is_refused=bool(settled.refusal))
    waiting.tell(
        told.installation,
        told.ended.zendesk_id,
        ended_at=now,
        seconds=told.seconds,
        action=f"push_zendesk_{told.ended.step.action}",
        attempt=max(1, settled.user.failures),
        **outcome(settled.verdict, is_refused=bool(settled.refusal)),
    )


def _report_look(look: JobLook, state: str) -> None:
    log.info(
        "A bulk update was asked about.",
        action="ask_job",
        installation=look.installation.name,
        job=look.job_id,
        users=len(look.wait.detail.get("pushes", ())),
        attempt=look.wait.tries + 1,
        outcome=state,
    )


def _report_missing(missing: Missing) -> None:
    log.warning(
        "The Zendesk account lacks user fields: nothing is written to them. `bridge check` names them.",
        action="user_fields_missing",
        installation=missing.installation.name,
        fields=list(missing.fields),
        error=missing.refusal or None,
    )
