"""Numbers taken every minute: an hour of them as they were taken, a day of them every ten minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from bridge.ledger.tables import samples
from bridge.ledger.writing import upsert

MINUTE_S, TEN_MINUTES_S = 60, 600
KEPT_S = {MINUTE_S: 3_900, TEN_MINUTES_S: 87_000}  # a little more than an hour, and than a day
SECOND = 1_000_000


@dataclass(frozen=True)
class Extent:
    """What a series was within some time: the least, the mean, the most."""

    least: float
    mean: float
    most: float


def put(connection: Connection, step_s: int, at: int, values: Mapping[str, float]) -> None:
    """Keep the numbers of one moment (microseconds); what the step keeps no longer goes."""
    rows = [{"step_s": step_s, "at": at, "series": name, "value": value} for name, value in values.items()]
    upsert(connection, samples, rows, replace=("value",))
    too_old = at - KEPT_S[step_s] * SECOND
    connection.execute(delete(samples).where(samples.c.step_s == step_s, samples.c.at < too_old))


def since(connection: Connection, step_s: int, at: int) -> dict[str, list[tuple[int, float]]]:
    """The numbers of each series from `at` on, oldest first."""
    query = select(samples.c.series, samples.c.at, samples.c.value)
    found = connection.execute(
        query.where(samples.c.step_s == step_s, samples.c.at >= at).order_by(samples.c.at)
    )
    series: dict[str, list[tuple[int, float]]] = {}
    for name, moment, value in found:
        series.setdefault(name, []).append((moment, value))
    return series


def extents(connection: Connection, after: int, until: int) -> dict[str, Extent]:
    """What each series was, by the minute, later than `after` and up to `until`."""
    value = samples.c.value
    query = select(samples.c.series, func.min(value), func.avg(value), func.max(value)).where(
        samples.c.step_s == MINUTE_S, samples.c.at > after, samples.c.at <= until
    )
    found = connection.execute(query.group_by(samples.c.series))
    return {name: Extent(least, float(mean), most) for name, least, mean, most in found}


def newest(series: Sequence[tuple[int, float]]) -> float | None:
    """The last number of a series, if any."""
    return series[-1][1] if series else None
