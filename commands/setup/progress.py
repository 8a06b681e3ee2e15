"""Says what `bridge setup` does while it does it, and keeps it for --json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from bridge.errors import BadSettings, BridgeError
from bridge.setting_up.standing import Step
from bridge.setting_up.testing import Arrived, NotArrived
from commands.findings import FAULT, Finding, say_finding
from commands.output import print_json
from commands.setup.sentences import GOES_ON, noun, said


@dataclass
class Progress:
    """What happened so far; `report` is printed at the end for programs, lines at once for people."""

    as_json: bool
    report: dict[str, Any] = field(default_factory=dict)
    is_failed: bool = False

    def look(self, findings: Iterable[Finding]) -> None:
        """Say what was found."""
        for finding in findings:
            self.report.setdefault("findings", []).append(asdict(finding))
            self.is_failed = self.is_failed or finding.state == FAULT
            if not self.as_json:
                say_finding(finding)

    def planned(self, steps: Iterable[Step]) -> None:
        """Say what would be done."""
        for step in steps:
            self._note(step)
            self.say(f"would {said(step)}")

    @contextmanager
    def doing(self, step: Step) -> Iterator[None]:
        """Around one step."""
        with self._told(said(step)):
            yield
        self._note(step)

    @contextmanager
    def testing(self, part: str) -> Iterator[list[Arrived]]:
        """Around one test; what is put into the list says how it arrived."""
        arrived: list[Arrived] = []
        with self._told(f"send a test through the {noun(part)}"):
            yield arrived
        seconds = round(arrived[0].seconds, 1)
        self.report.setdefault("tests", []).append({"part": part, "seconds": seconds})
        self.say(f"it arrived after {seconds} s, signed, verified and kept")

    def say(self, sentence: str) -> None:
        """One line for people."""
        if not self.as_json:
            click.echo(sentence)

    def tell(self, name: str, sentences: Iterable[str]) -> None:
        """Sentences that stay, under a name for programs."""
        told = list(sentences)
        self.report[name] = told
        for sentence in told:
            self.say(f"→ {sentence}")

    def fail(self, error: BridgeError) -> None:
        """Say what stopped it and how to go on."""
        self.is_failed = True
        self.report["error"] = {"what": str(error), "fix": _fix(error)}
        if not self.as_json:
            click.echo(f"{str(error)[:1].upper()}{str(error)[1:]}.", err=True)
            if _fix(error):
                click.echo(f"→ {_fix(error)}", err=True)

    def end(self) -> int:
        """The exit status."""
        if self.as_json:
            print_json({"ok": not self.is_failed, **self.report})
        return 1 if self.is_failed else 0

    @contextmanager
    def _told(self, sentence: str) -> Iterator[None]:
        if not self.as_json:
            click.echo(f"{sentence} … ", nl=False)
        try:
            yield
        except BaseException:
            self.say(click.style("failed", fg="red"))
            raise
        self.say(click.style("done", fg="green"))

    def _note(self, step: Step) -> None:
        about = {"part": step.part, "action": step.action, "text": said(step)}
        self.report.setdefault("steps", []).append(about)


def _fix(error: BridgeError) -> str:
    """What helps; nothing where the error itself says so."""
    if isinstance(error, NotArrived):
        return error.fix
    return "" if isinstance(error, BadSettings) else GOES_ON
