"""One change is one trace, from Zendesk's delivery through the broker to the write in Sailthru."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.services.waiting import wait_until
from tests.system.accounts import Accounts
from tests.system.collector import Collector, Span, collecting

pytestmark = [pytest.mark.system, pytest.mark.rabbitmq]

DELIVERY, PUBLISH = "delivery zendesk/events", "publish user.tags_changed"
KEEP, PUSH = "keep user.tags_changed", "push_write"
EXPORTED_S = 30.0


def test_a_change_is_one_trace_from_its_delivery_to_its_push(
    open_bridge: Callable[..., Accounts], sqlite_url: str, empty_rabbit_url: str
) -> None:
    with collecting() as collector:
        # a batch of spans goes out at once and not after five seconds
        soon = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
        accounts = open_bridge(sqlite_url, empty_rabbit_url, TRACES_URL=collector.url, **soon)
        accounts.bridge.start()
        (ann,) = accounts.welcome(1)
        accounts.until_settled()
        accounts.box.zendesk.add_tags(ann, ["vip"])
        accounts.until_settled()

        # What has to be read first, and each step of the push, stands in the trace of the event behind it.
        told(
            collector, "publish user.created", "keep user.created", "ask_user", "push_look_up", "push_create"
        )
        trace = told(collector, DELIVERY, PUBLISH, KEEP, PUSH)

        delivery, publish, keep, push = (trace[name] for name in (DELIVERY, PUBLISH, KEEP, PUSH))
        assert (delivery.parent, publish.parent) == ("", delivery.id)
        assert {keep.parent, push.parent} == {publish.id}
        assert [one.process for one in (delivery, publish, keep, push)] == ["web", "web", *["consumer"] * 2]
        assert delivery.attributes["bridge.outcome"] == "published"
        assert push.attributes["bridge.outcome"] == "confirmed"
        event = publish.attributes["bridge.event"]
        assert accounts.bridge.said("events", "show", event)["delivery"]["trace"] == delivery.trace
        lines = [json.loads(line) for line in accounts.bridge.log_of("consumer").splitlines()]
        pushes = [line for line in lines if line.get("action") == PUSH and delivery.trace in line["trace"]]
        assert len(pushes) == 1
        assert "@" not in str(collector.spans)


def told(collector: Collector, *names: str) -> dict[str, Span]:
    """The one trace that has spans of all these names, once they have arrived."""

    def whole() -> list[dict[str, Span]]:
        traces = [collector.of(trace) for trace in {span.trace for span in list(collector.spans)}]
        return [spans for spans in traces if set(names) <= spans.keys()]

    try:
        wait_until(lambda: bool(whole()), within_s=EXPORTED_S, what=f"one trace has {', '.join(names)}")
    except TimeoutError as late:
        raise AssertionError(f"{late}; there are {sorted({span.name for span in collector.spans})}") from late
    (trace,) = whole()
    return trace
