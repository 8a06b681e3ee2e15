"""A gauge of what is left of the accounts' quotas, whoever used the rest."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily

from bridge.ledger import quotas
from bridge.ledger.ledger import Ledger
from bridge.metrics import installation_label

# Vendors count by the minute: what they said longer ago than this says nothing of now.
TOLD_WITHIN = timedelta(minutes=2)


def quota_gauges(ledger: Ledger) -> list[GaugeMetricFamily]:
    """The part of each quota that is left, the least where installations share a label."""
    family = GaugeMetricFamily(
        "bridge_quota_left_ratio",
        "What is left of an account's quota, from 0 to 1, as the vendor last said.",
        labels=["installation", "system", "bucket"],
    )
    least: dict[tuple[str, str, str], float] = {}
    with ledger.reading() as connection:
        for one in quotas.left(connection, ledger.now() - TOLD_WITHIN):
            key = (installation_label(one.installation), one.system, one.bucket)
            least[key] = min(one.ratio, least.get(key, 1.0))
    for key, ratio in sorted(least.items()):
        family.add_metric(list(key), ratio)
    return [family]
