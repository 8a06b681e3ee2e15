"""Who did what, when, and by which way."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Connection, Row

from bridge.clock import from_micros, iso, to_micros
from bridge.ledger import actions, looking
from bridge.ledger.actions import COMMAND, CONSOLE, SIDEBAR, ActionFilter
from bridge.when import read_when
from receiver.console import asking, shown
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn

PAGE = 100
WAYS = (COMMAND, CONSOLE, SIDEBAR)
WORDS = ("operator", "action", "installation", "via", "since")


def install(console: Console) -> None:
    """Add the page."""
    console.add_to_menu("Audit", "/audit", "a")
    parts = console.parts

    @console.page("/audit")
    def audit(operator: SignedIn) -> str:
        given = {word: request.args.get(word, "").strip() for word in WORDS}
        faults: list[str] = []
        with parts.ledger.reading() as connection:
            names = looking.names(connection)
            wanted = _wanted(connection, given, faults, console)
            found = [] if faults else actions.newest(connection, wanted, limit=PAGE + 1)
        rows = [_row(one, names, operator) for one in found[:PAGE]]
        further = _further(given, found[PAGE - 1].id) if len(found) > PAGE else ""
        return console.render(
            "audit.html",
            operator=operator,
            rows=rows,
            given=given,
            faults=faults,
            ways=WAYS,
            installations=sorted(names.values()),
            further=further,
        )


def _wanted(
    connection: Connection, given: dict[str, str], faults: list[str], console: Console
) -> ActionFilter:
    numbers = {name: number for number, name in looking.names(connection).items()}
    since = None
    if given["installation"] and given["installation"] not in numbers:
        faults.append(f"There is no installation named {given['installation']}.")
    if given["since"]:
        try:
            since = to_micros(read_when(given["since"]).at(console.parts.clock.now()))
        except ValueError as error:
            faults.append(str(error))
    before = request.args.get("before", "")
    return ActionFilter(
        installation_id=numbers.get(given["installation"]),
        operator=given["operator"],
        action=given["action"],
        via=given["via"],
        since=since,
        before=asking.number(before) if before else None,
    )


def _row(row: Row[Any], names: dict[int, str], operator: SignedIn) -> dict[str, Any]:
    detail = json.loads(row.detail)
    return {
        "at": iso(from_micros(row.at)),
        "operator": row.operator,
        "via": row.via,
        "action": row.action,
        "target": shown.value(row.target, operator),
        "installation": names.get(row.installation_id, ""),
        "detail": shown.value(", ".join(f"{name}: {value}" for name, value in detail.items()), operator),
    }


def _further(given: dict[str, str], before: int) -> str:
    return urlencode({**{word: value for word, value in given.items() if value}, "before": before})
