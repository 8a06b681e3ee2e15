"""A gauge of what operators paused."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily

from bridge.ledger import looking, pauses
from bridge.ledger.ledger import Ledger
from bridge.metrics import installation_label

MICROS = 1_000_000
ALL = "all"


def pause_gauges(ledger: Ledger) -> list[GaugeMetricFamily]:
    """Since when each pause stands, the oldest where installations share a label. Raises `Unavailable`."""
    family = GaugeMetricFamily(
        "bridge_paused_since_timestamp_seconds",
        "Since when a lane of an installation is paused; there is none for what is not.",
        labels=["installation", "lane"],
    )
    since: dict[tuple[str, str], int] = {}
    with ledger.reading() as connection:
        names = looking.names(connection)
        for one in pauses.standing(connection):
            name = names.get(one.installation_id)
            key = (installation_label(name) if name else ALL, one.lane or ALL)
            since[key] = min(one.since, since.get(key, one.since))
    for key, at in sorted(since.items()):
        family.add_metric(list(key), at / MICROS)
    return [family]
