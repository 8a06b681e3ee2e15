"""Replays of many letters: how far they are, and how they are stopped."""

from __future__ import annotations

from typing import Any

from flask import redirect
from werkzeug.wrappers import Response

from bridge.clock import from_micros, iso
from bridge.errors import Rejected
from bridge.ledger import letters
from bridge.ledger import replays as kept
from bridge.ledger.actions import CONSOLE
from bridge.ledger.replays import Replay
from bridge.people.roles import OPERATOR
from bridge.repair import many
from receiver.console import asking
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn

SHOWN = 50


def install(console: Console) -> None:
    """Add the pages about replays."""
    parts = console.parts

    def progress(number: int) -> dict[str, Any]:
        found = many.progress(parts.ledger, number)
        if found is None:
            raise Rejected("not_found", 404, f"There is no replay {number} (any more).")
        return _row(*found)

    @console.page("/dead/replays")
    def newest(operator: SignedIn) -> str:
        with parts.ledger.reading() as connection:
            found = kept.newest(connection, limit=SHOWN)
            again = letters.died_again(connection, [one.id for one in found])
        rows = [_row(one, again.get(one.id, 0)) for one in found]
        return console.render("dead/replays.html", operator=operator, replays=rows)

    @console.page("/dead/replays/<int:number>")
    def one(number: int, operator: SignedIn) -> str:
        return console.render("dead/replay.html", operator=operator, replay=progress(number))

    @console.page("/dead/replays/<int:number>/progress")
    def fragment(number: int, operator: SignedIn) -> str:
        return console.render("dead/progress.html", operator=operator, replay=progress(number))

    @console.page("/dead/replays/<int:number>/stop", role=OPERATOR, methods=("POST",))
    def stop(number: int, operator: SignedIn) -> Response:
        with asking.told():
            many.stop(parts.ledger, number, operator=operator.name, via=CONSOLE)
        return redirect(f"/console/dead/replays/{number}", 303)


def _row(replay: Replay, died_again: int) -> dict[str, Any]:
    return {
        "id": replay.id,
        "state": replay.state,
        "is_running": replay.is_running,
        "words": replay.words,
        "operator": replay.operator,
        "stopped_by": replay.stopped_by,
        "per_minute": replay.per_minute,
        "total": replay.total,
        "done": replay.done,
        "replayed": replay.replayed,
        "refused": replay.refused,
        "refusals": replay.refusals,
        "died_again": died_again,
        "started_at": iso(from_micros(replay.started_at)),
        "ended_at": iso(from_micros(replay.ended_at)) if replay.ended_at else "",
    }
