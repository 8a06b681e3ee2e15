"""Charts as the page draws them: paths in a fixed frame, made here, so that no script is needed. Pure.

Every chart has a table with the same numbers beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.clock import from_micros
from receiver.console.words import NOTHING

WIDTH, HEIGHT = 300, 72
SECOND = 1_000_000

Point = tuple[int, float]  # microseconds, value


@dataclass(frozen=True)
class Line:
    """One series of a chart: its name, its path in the frame, and its newest value in words."""

    name: str
    path: str
    newest: str


@dataclass(frozen=True)
class Chart:
    """One chart. `rows` are the table: a time, and a value in words for each line; newest first."""

    title: str
    lines: Sequence[Line]
    top: str
    summary: str
    rows: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Frame:
    """What the charts of a page have in common: their time, and how far points of a line are apart."""

    begin: int
    end: int
    step_s: int


def chart(
    title: str, series: Sequence[tuple[str, Sequence[Point]]], frame: Frame, words: Callable[[float], str]
) -> Chart:
    """A chart of some series; `words` says a value with its unit."""
    most = max((value for _name, points in series for _at, value in points), default=0.0)
    top = _round_up(most)
    lines = [
        Line(name, _path(points, frame, top), words(points[-1][1]) if points else NOTHING)
        for name, points in series
    ]
    said = "; ".join(f"{line.name} now {line.newest}" for line in lines)
    return Chart(title, lines, words(top), f"{title}: {said}; at most {words(most)}", _rows(series, words))


def _round_up(most: float) -> float:
    """The top of the scale: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(most))
    return next(factor * power for factor in (1, 2, 5, 10) if most <= factor * power)


def _path(points: Sequence[Point], frame: Frame, top: float) -> str:
    """Moves where a number is missing: a line through nothing would be made up."""
    parts: list[str] = []
    before: int | None = None
    for at, value in points:
        x = (at - frame.begin) / (frame.end - frame.begin) * WIDTH
        y = HEIGHT - value / top * HEIGHT
        is_next = before is not None and at - before <= 2.5 * frame.step_s * SECOND
        parts.append(f"{'L' if is_next else 'M'}{x:.1f} {y:.1f}" + ("" if is_next else "h.1"))
        before = at
    return "".join(parts)


def _rows(
    series: Sequence[tuple[str, Sequence[Point]]], words: Callable[[float], str]
) -> list[tuple[str, list[str]]]:
    values = [dict(points) for _name, points in series]
    times = sorted({at for of in values for at in of}, reverse=True)
    return [
        (
            from_micros(at).strftime("%H:%M"),
            [words(of[at]) if at in of else NOTHING for of in values],
        )
        for at in times
    ]
