"""What `bridge check` says of the processes: who lives, on all machines, and whether the work comes round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.clock import from_micros, iso, to_micros
from bridge.heartbeat import GONE_S
from bridge.ledger import processes
from bridge.ledger.ledger import Ledger, database_now
from bridge.ledger.processes import CONSUMER, PARTS, WEB, Sign
from commands.findings import OK, WARNING, Finding

START_WITH = {
    processes.WEB: "gunicorn receiver.wsgi:app",
    processes.CONSUMER: "python -m consumers",
    processes.CLOCK: "python -m consumers.clock",
}
HANGS_AFTER_S = 120.0
MICROS = 1_000_000


def look_at_processes(ledger: Ledger) -> Iterator[Finding]:
    """One finding for each part of the bridge. None at work is no fault: it may not be started yet."""
    with ledger.reading() as connection:
        now = to_micros(database_now(connection, ledger.clock))
        alive = processes.alive(connection, now - int(GONE_S * MICROS))
    for part in PARTS:
        yield _finding(part, [one for one in alive if one.part == part], now)


def _finding(part: str, alive: Sequence[Sign], now: int) -> Finding:
    if not alive:
        return Finding(WARNING, part, "no process has given a sign of life", START_WITH[part])
    if part == CONSUMER and not any(one.is_connected for one in alive):
        return Finding(WARNING, part, f"{_said(alive)}, and the broker answers none", "see the broker's log")
    worked_at = max(one.worked_at or one.started_at for one in alive)
    if part != WEB and now - worked_at > int(HANGS_AFTER_S * MICROS):
        since = iso(from_micros(worked_at))
        return Finding(WARNING, part, f"{_said(alive)}, and its work hangs since {since}", "restart it")
    return Finding(OK, part, _said(alive))


def _said(alive: Sequence[Sign]) -> str:
    since = iso(from_micros(max(one.started_at for one in alive)))
    count = f"{len(alive)} processes are" if len(alive) > 1 else "1 process is"
    return f"{count} at work, the youngest since {since}"
