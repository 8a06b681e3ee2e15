"""What `bridge check` finds: one thing looked at, how it is, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

import click

from bridge.errors import BadCredentials, BridgeError
from bridge.ledger.installations import Installation

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `state` is ok, warning or fault; `fix` says what to do about it."""

    state: str
    part: str
    finding: str
    fix: str = ""


def refused(one: Installation, system: str, error: BridgeError) -> Finding:
    """A system that does not answer as it should."""
    if isinstance(error, BadCredentials):
        fix = f"correct [{system}] with: bridge installations set {one.name} --from FILE"
    else:
        fix = f"look whether [{system}] url is right and reachable from here, then check again"
    return Finding(FAULT, one.name, str(error), fix)


def say_finding(finding: Finding) -> None:
    """Print one for people."""
    colour = {OK: "green", WARNING: "yellow", FAULT: "red"}[finding.state]
    click.echo(f"{click.style(f'{finding.state:<8}', fg=colour)}{finding.part}: {finding.finding}")
    if finding.fix:
        click.echo(f"{'':<8}→ {finding.fix}")
