"""What each delivery came to, in the words of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def write(log: Any, told: Told, **about: Any) -> None:
    """One line about one delivery; `about` says which: installation (empty where none has the name), hook."""
    if told.outcome in ORDINARY:
        log.debug("A delivery was accepted.", action="delivery_accepted", outcome=told.outcome, **about)
    elif told.outcome in DETOURS:
        log.info(
            "A delivery was accepted, past the broker.",
            action="delivery_accepted",
            outcome=told.outcome,
            **about,
        )
    elif told.outcome == "unreadable":
        log.warning(
            "A signed delivery cannot be read; it is kept as a dead letter.",
            action="delivery_unreadable",
            outcome=told.outcome,
            hint=told.hint,
            **about,
        )
    else:
        log.warning(
            "A delivery was refused.",
            action="delivery_refused",
            outcome=told.outcome,
            hint=told.hint,
            **about,
        )
