"""Says what the way back did: one log line for each attempt. Never a value, an address or a secret."""

from __future__ import annotations

import structlog

from consumers.reporting import report_applied, say
from consumers.to_zendesk.account import Missing
from consumers.to_zendesk.calls import JobLook
from consumers.to_zendesk.concluding import Concluded, Told
from consumers.to_zendesk.outcomes import Failed

log = structlog.get_logger(__name__)


def report(concluded: Concluded, now: int) -> None:
    """Everything that one transaction came to, after it is committed."""
    for told in concluded.told:
        _report(told)
    for look, state in concluded.looked:
        _report_look(look, state)
    for missing in concluded.missing:
        _report_missing(missing)
    report_applied(concluded.applied, now)


def _report(told: Told) -> None:
    outcome, settled = told.ended.outcome, told.settled
    said = {
        "action": f"push_{told.ended.step.action}",
        "installation": told.installation.name,
        "customer": told.ended.zendesk_id,
        "attempt": max(1, settled.user.failures),
        "duration_ms": round(told.seconds * 1000, 1),
    }
    error = outcome.error if isinstance(outcome, Failed) else None
    say(said, settled.verdict, error, is_refused=bool(settled.refusal))


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
