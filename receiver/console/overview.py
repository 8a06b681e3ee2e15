"""The first page: is it flowing, how old is the oldest, when is the backlog gone, who is in trouble?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import render_template, request

from bridge.broker.contract import LANES
from bridge.history import SYSTEMS
from bridge.ledger import samples
from bridge.ledger.samples import MINUTE_S, TEN_MINUTES_S
from bridge.standing import Standing, look
from receiver.console.charts import Chart, Frame, Point, chart
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn
from receiver.console.words import count, part, rate, span

TOPIC = "overview"
EVERY_S = 3.0
CHARTS_EVERY_S = 30.0
SECOND = 1_000_000
NAMES = {"agent": "Agent", "zendesk": "Zendesk", "sailthru": "Sailthru"}

Series = Mapping[str, Sequence[Point]]
Words = Callable[[float], str]


@dataclass(frozen=True)
class Span:
    """A time that charts show, and how far its numbers are apart."""

    name: str
    title: str
    length_s: int
    step_s: int


SPANS = (
    Span("hour", "the last hour", 3_600, MINUTE_S),
    Span("day", "the last day", 86_400, TEN_MINUTES_S),
)


def install(console: Console) -> None:
    """Add the Overview, and what keeps it up to date."""
    console.add_to_menu("Overview", "/", "o")
    console.board.add(TOPIC, lambda: _numbers(console), every_s=EVERY_S)
    for each in SPANS:
        console.board.add(each.name, partial(_charts, console, each), every_s=CHARTS_EVERY_S)

    @console.page("/")
    def overview(operator: SignedIn) -> str:
        chosen = next((each for each in SPANS if each.name == request.args.get("span")), SPANS[0])
        return console.render(
            "overview.html",
            operator=operator,
            numbers=console.board.newest(TOPIC).html,
            charts=console.board.newest(chosen.name).html,
            spans=SPANS,
            chosen=chosen,
        )


def _numbers(console: Console) -> str:
    parts = console.parts
    standing = look(parts.ledger, parts.broker, parts.directory)
    return render_template(
        "console/overview_numbers.html", standing=standing, names=NAMES, summary=summary(standing)
    )


def summary(standing: Standing) -> str:
    """All of it in a few sentences, for those who hear the page."""
    lanes = [
        f"{NAMES[one.state.lane]}: {count(one.state.depth + one.state.parked)} waiting, "
        f"oldest {span(one.state.oldest_s)}."
        for one in standing.lanes
    ]
    troubled = [one.name for one in standing.accounts if one.troubles]
    dead = sum(one.state.dead for one in standing.lanes)
    return " ".join(
        [*lanes, f"{count(dead)} dead letters.", f"In trouble: {', '.join(troubled) or 'nobody'}."]
    )


def _charts(console: Console, chosen: Span) -> str:
    ledger = console.parts.ledger
    end = ledger.micros()
    frame = Frame(end - chosen.length_s * SECOND, end, chosen.step_s)
    with ledger.reading() as connection:
        series = samples.since(connection, chosen.step_s, frame.begin)
    return render_template("console/charts.html", groups=groups(series, frame), span=chosen)


def groups(series: Series, frame: Frame) -> list[tuple[str, list[Chart]]]:
    """The charts of each lane, of each system, and of the way through both. Pure."""

    def drawn(title: str, names: Mapping[str, str], words: Words) -> Chart:
        lines = [(name, series.get(key, ())) for name, key in names.items()]
        return chart(title, lines, frame, words)

    lanes = [
        (
            f"Lane {NAMES[lane]}",
            [
                drawn("Waiting", {"in the queue": f"{lane}.depth", "unapplied": f"{lane}.unapplied"}, count),
                drawn("Oldest", {"age": f"{lane}.oldest"}, span),
                drawn("Rates", {"in": f"{lane}.in", "out": f"{lane}.out"}, rate),
            ],
        )
        for lane in LANES
    ]
    systems = [
        (
            NAMES[system],
            [
                drawn("Pushes", {"sent": f"{system}.pushes", "failed": f"{system}.errors"}, rate),
                drawn("Quota left", {"left": f"{system}.quota_left"}, part),
            ],
        )
        for system in SYSTEMS
    ]
    through = ("All events", [drawn("Lag", {"p50": "lag.p50", "p99": "lag.p99"}, span)])
    return [*lanes, *systems, through]
