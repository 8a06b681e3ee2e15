"""A real Prometheus scrapes a running bridge: every panel of the dashboard shows something."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.services.prometheus import PrometheusServer
from tests.services.waiting import wait_until
from tests.system.accounts import Accounts
from tests.system.running import METRICS_TOKEN

pytestmark = [pytest.mark.system, pytest.mark.slow]

OPS = Path(__file__).parents[2] / "ops"
DASHBOARD: dict[str, Any] = json.loads((OPS / "grafana" / "bridge.json").read_text())
MAY_BE_EMPTY = "Empty unless"
NEVER_HERE = {
    "Halted installations",
    "Paused for",
    "Passes of the clock that failed",
}
SHOWN_S = 45.0


def panels() -> Iterator[tuple[str, str, str]]:
    """Title, description and each query, as Grafana would send it with all installations chosen."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"].replace("$__rate_interval", "10s").replace("$installation", ".*")
            assert "$" not in expression, f"{panel['title']}: a variable that no test fills"
            yield panel["title"], panel["description"], expression


def numbers(found: list[dict[str, Any]]) -> list[float]:
    """The values that are numbers: nothing divided by nothing shows nothing."""
    return [float(one["value"][1]) for one in found if one["value"][1] != "NaN"]


def test_every_panel_shows_something_and_no_rule_fails(
    embedded: Accounts, open_prometheus: Callable[..., PrometheusServer]
) -> None:
    embedded.bridge.start()
    target = embedded.bridge.url.removeprefix("http://")
    rules = [OPS / "prometheus" / "alerts.yml"]
    prometheus = open_prometheus(target=target, token=METRICS_TOKEN, rules=rules)
    ann, *_ = embedded.welcome(3)
    tags, empty = count(), {title for title, *_ in panels()}

    def is_all_shown() -> bool:
        traffic(embedded, ann, next(tags))
        empty.clear()
        empty.update(title for title, _, query in panels() if not numbers(prometheus.query(query)))
        return empty <= NEVER_HERE

    try:
        wait_until(is_all_shown, within_s=SHOWN_S, what="every panel shows something")
    except TimeoutError as late:
        raise AssertionError(f"{late}: {sorted(empty - NEVER_HERE)} show nothing") from late
    assert all(MAY_BE_EMPTY in said for title, said, _ in panels() if title in NEVER_HERE)
    assert {rule["name"]: rule["health"] for rule in prometheus.rules() if rule["health"] != "ok"} == {}
    assert one(prometheus, 'bridge_processes{process="clock"}') == 1
    assert one(prometheus, "bridge_consumers_connected") == 1
    assert one(prometheus, "bridge:dead_letters") >= 1
    refused = 'bridge_deliveries_total{installation="acme",outcome="bad_signature",source="webhook"}'
    # Whichever of the web workers answers, it tells of all of them.
    assert {embedded.bridge.metrics()[refused] for _ in range(8)} == {float(next(tags))}


def traffic(accounts: Accounts, user: int, number: int) -> None:
    """A change, a delivery that nobody signed, and now and then one that cannot be read."""
    accounts.box.zendesk.add_tags(user, [f"tag{number}"])
    unsigned = accounts.signed(b'{"type": "zen:event-type:user.created"}')
    unsigned.headers["X-Zendesk-Webhook-Signature"] = "bm9ib2R5"
    assert accounts.send(unsigned).status == 401
    if number % 10 == 0:
        assert accounts.send(accounts.signed(b'{"type": 7}')).status == 202


def one(prometheus: PrometheusServer, expression: str) -> float:
    (found,) = numbers(prometheus.query(expression))
    return found
