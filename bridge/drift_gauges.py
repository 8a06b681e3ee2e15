"""A gauge of the customers whose profile differs from the facts."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily

from bridge.ledger import audits, installations
from bridge.ledger.ledger import Ledger
from bridge.metrics import installation_label


def drift_gauges(ledger: Ledger) -> list[GaugeMetricFamily]:
    """How many differed when their profile was seen last; installations that share a label are added up."""
    family = GaugeMetricFamily(
        "bridge_drift_customers",
        "Customers whose two records disagreed when they were last compared.",
        labels=["installation"],
    )
    with ledger.reading() as connection:
        counts = audits.counts(connection)
        names = {number: name for number, (name, _version) in installations.versions(connection).items()}
    totals: dict[str, int] = {}
    for number, name in names.items():
        label = installation_label(name)
        totals[label] = totals.get(label, 0) + counts.get(number, 0)
    for label, count in sorted(totals.items()):
        family.add_metric([label], count)
    return [family]
