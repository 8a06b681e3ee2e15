"""Prints what was measured, and keeps it: a table for people, JSON for programs, a section of results.md."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.md"


@dataclass(frozen=True)
class Target:
    """One promise: what was measured beside what was promised."""

    what: str
    measured: str
    promised: str
    is_met: bool

    def row(self) -> list[str]:
        return [self.what, self.measured, self.promised, "yes" if self.is_met else "**no**"]


@dataclass(frozen=True)
class Report:
    """What one script found. `remarks` are sentences that belong under the tables."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    targets: Sequence[Target]
    remarks: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        parts = [f"## {self.title}", "", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine()}", ""]
        parts += table(self.head, self.rows)
        parts += ["", *table(["target", "measured", "promised", "met"], [one.row() for one in self.targets])]
        parts += ["", *(f"- {remark}" for remark in self.remarks)] if self.remarks else []
        return "\n".join(parts)


def publish(report: Report, *, is_json: bool, is_kept: bool) -> int:
    """Show the report; keep it in results.md if that was asked for. 0 when all targets are met, else 1."""
    if is_json:
        targets = [vars(target) for target in report.targets]
        print(json.dumps({"bench": report.name, "machine": machine(), "targets": targets, **report.data}))
    else:
        print(f"\n{report.text()}\n")
    if is_kept:
        _keep(report)
    return 0 if all(target.is_met for target in report.targets) else 1


def say(text: str) -> None:
    """One line of progress, beside the results."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table that reads well in a terminal and as Markdown."""
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    lines = ["| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
             for row in [head, *rows]]  # fmt: skip
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]


def machine() -> str:
    """What it was measured on."""
    info = Path("/proc/cpuinfo").read_text("ascii", "replace")
    found = re.search(r"model name\s*: (.+)", info)
    memory = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text("ascii"))[0]) / 2**20
    name = found.group(1).strip() if found else platform.machine()
    return (
        f"{os.cpu_count()} cores of {name}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}"
    )


def _keep(report: Report) -> None:
    begin, end = f"<!-- {report.name} -->", f"<!-- /{report.name} -->"
    section = f"{begin}\n{report.text()}\n{end}"
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else "# Results\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    is_there = pattern.search(text)
    text = pattern.sub(lambda _: section, text) if is_there else f"{text.rstrip()}\n\n{section}\n"
    RESULTS.write_text(text, "utf-8")
