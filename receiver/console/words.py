"""Numbers as people read them. Pure; also filters of the templates."""

from __future__ import annotations

from bridge.clock import from_micros, iso

NOTHING = "-"


def span(seconds: float | None) -> str:
    """How long: `0.4 s`, `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`."""
    if seconds is None:
        return NOTHING
    if seconds < 120:
        return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if minutes < 120:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def count(number: float | None) -> str:
    """How many: `7`, `12,345`."""
    return NOTHING if number is None else f"{number:,.0f}"


def rate(per_minute: float | None) -> str:
    """How many a minute: `0.4/min`, `1,200/min`."""
    if per_minute is None:
        return NOTHING
    return f"{per_minute:.1f}/min" if 0 < per_minute < 10 else f"{per_minute:,.0f}/min"


def part(ratio: float | None) -> str:
    """Of a hundred: `40 %`."""
    return NOTHING if ratio is None else f"{ratio * 100:.0f} %"


def moment(micros: int) -> str:
    """A time out of the ledger, ISO 8601 UTC."""
    return iso(from_micros(micros))


FILTERS = {"span": span, "many": count, "rate": rate, "part": part, "moment": moment}
