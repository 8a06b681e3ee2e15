"""What each delivery came to: one count, and one line in the log."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bridge import metrics

log = structlog.get_logger(__name__)

# The ordinary end of a delivery: counted, and logged only where debugging is on. A line would cost a tenth of
# the whole answer, and says no more than the event's own record in the ledger.
ORDINARY = ("published", "ignored")
DETOURS = ("spooled", "parked")


@dataclass(frozen=True)
class Told:
    """What the sender is told: `outcome` is one short code for metric and log; `hint` is for the operator."""

    outcome: str
    accepted: int = 0
    ignored: int = 0
    hint: str = ""


def note(told: Told, installation: str, *, path: str, source: str, seconds: float) -> None:
    """Count and log one delivery. `installation` is empty where none has that name."""
    metrics.count_delivery(installation, source=source, outcome=told.outcome)
    fields = {
        "installation": installation,
        "hook": path,
        "outcome": told.outcome,
        "duration_ms": round(seconds * 1000, 1),
    }
    if told.outcome in ORDINARY:
        log.debug("A delivery was accepted.", action="delivery_accepted", **fields)
    elif told.outcome in DETOURS:
        log.info("A delivery was accepted, past the broker.", action="delivery_accepted", **fields)
    elif told.outcome == "unreadable":
        log.warning(
            "A signed delivery cannot be read; it is kept as a dead letter.",
            action="delivery_unreadable",
            hint=told.hint,
            **fields,
        )
    else:
        log.warning("A delivery was refused.", action="delivery_refused", hint=told.hint, **fields)
