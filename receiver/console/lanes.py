"""Lanes and installations: what is paused, who paused it, and why. While anything is, every page says so."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, request
from werkzeug.wrappers import Response

from bridge import pausing
from bridge.broker.contract import LANES
from bridge.clock import from_micros, iso
from bridge.ledger.actions import CONSOLE
from bridge.pausing import Paused
from bridge.people.roles import OPERATOR
from receiver.console import asking
from receiver.console.console import Console, Notice
from receiver.console.signed_in import SignedIn

PATH = "/console/lanes"
# What waits while a lane is paused.
HOLDS = {
    "agent": "what agents ask to be done: lists, opt-outs, profiles",
    "zendesk": "what Sailthru is owed",
    "sailthru": "what Zendesk is owed",
}


def install(console: Console) -> None:
    """Add the page, and the banner on every other."""
    console.add_to_menu("Lanes", "/lanes", "l")
    parts = console.parts

    def standing() -> list[Paused]:
        with parts.ledger.reading() as connection:
            return pausing.paused(connection)

    console.banner = lambda: [_notice(one) for one in standing()]

    @console.page("/lanes")
    def lanes(operator: SignedIn) -> str:
        rows = [{"name": lane, "holds": HOLDS[lane]} for lane in LANES]
        names = [one.name for one in parts.directory.all()]
        return console.render(
            "lanes.html", operator=operator, lanes=rows, installations=names, paused=_rows(standing())
        )

    @console.page("/lanes/pause", role=OPERATOR, methods=("POST",))
    def pause(operator: SignedIn) -> Response:
        lane, installation = _named()
        reason = request.form.get("because", "")
        with asking.told():
            pausing.pause(
                parts.ledger, lane, installation, operator=operator.name, reason=reason, via=CONSOLE
            )
        return redirect(PATH, 303)

    @console.page("/lanes/resume", role=OPERATOR, methods=("POST",))
    def resume(operator: SignedIn) -> Response:
        lane, installation = _named()
        with asking.told():
            pausing.resume(parts.ledger, lane, installation, operator=operator.name, via=CONSOLE)
        return redirect(PATH, 303)


def _named() -> tuple[str, str | None]:
    return request.form.get("lane", ""), request.form.get("installation") or None


def _rows(standing: Sequence[Paused]) -> list[dict[str, str]]:
    return [
        {
            "what": str(one),
            "lane": one.lane,
            "installation": one.installation or "",
            "since": iso(from_micros(one.since)),
            "operator": one.operator,
            "reason": one.reason,
        }
        for one in standing
    ]


def _notice(one: Paused) -> Notice:
    what = str(one)
    words = f"{what[:1].upper()}{what[1:]} is paused since {iso(from_micros(one.since))}"
    return Notice(f"{words}, by {one.operator}: {one.reason}.", PATH, "Resume")
