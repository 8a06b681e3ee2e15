"""Spans as an exporter gets them."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bridge.clock import to_micros
from bridge.errors import BadSettings
from bridge.tracing import MISSING, Tracing, open_traces, trace_id, traces_to
from schemas.event import Event, from_bytes

NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
EVENT = Event("e1", "acme", "zendesk", "user.created", "user:7", "webhook", NOW, NOW, {})


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter: InMemorySpanExporter) -> Iterator[Tracing]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    opened = Tracing(provider)
    yield opened
    opened.close()


def by_name(spans: Sequence[ReadableSpan]) -> Mapping[str, ReadableSpan]:
    return {span.name: span for span in spans}


def ids(span: ReadableSpan) -> tuple[int, int]:
    """The trace and the parent."""
    assert span.context is not None
    return span.context.trace_id, span.parent.span_id if span.parent else 0


def test_a_delivery_its_publish_and_what_was_done_for_it_are_one_trace(
    traces: Tracing, exporter: InMemorySpanExporter
) -> None:
    with traces.serving("delivery zendesk/events"):
        with traces.publishing(EVENT) as traced:
            carried = from_bytes(traced.to_bytes())
        logged = traces.note(installation="acme", outcome="published")
    traces.tell("push_write", [carried.trace], ended_at=NOW, seconds=0.25, customer=7, error="timeout")

    spans = by_name(exporter.get_finished_spans())
    delivery, publish, push = (
        spans[name] for name in ("delivery zendesk/events", "publish user.created", "push_write")
    )
    assert delivery.context is not None
    assert publish.context is not None
    whole = delivery.context.trace_id
    assert ids(delivery) == (whole, 0)
    assert ids(publish) == (whole, delivery.context.span_id)
    assert ids(push) == (whole, publish.context.span_id)
    assert logged == {"trace": trace_id(carried.trace)} == {"trace": f"{whole:032x}"}
    assert dict(delivery.attributes or {}) == {"bridge.installation": "acme", "bridge.outcome": "published"}
    assert dict(publish.attributes or {}) == {"bridge.event": "e1", "bridge.installation": "acme"}
    assert push.end_time == to_micros(NOW) * 1_000
    assert push.start_time == push.end_time - 250_000_000
    assert push.status.description == "timeout"


def test_a_push_that_pays_many_events_stands_in_the_trace_of_each(
    traces: Tracing, exporter: InMemorySpanExporter
) -> None:
    parents = []
    for number in range(3):
        with traces.publishing(Event(**{**vars(EVENT), "id": f"e{number}"})) as traced:
            parents.append(traced.trace)
    traces.tell("push_write", parents, ended_at=NOW, seconds=0.1)
    pushes = [span for span in exporter.get_finished_spans() if span.name == "push_write"]
    assert sorted(f"{ids(span)[0]:032x}" for span in pushes) == sorted(map(trace_id, parents))


def test_an_error_that_quotes_what_came_is_not_told(traces: Tracing, exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="ann"), traces.serving("delivery"):
        raise ValueError("ann@example.com")
    (span,) = exporter.get_finished_spans()
    assert (span.events, span.status.description) == ((), None)


def test_of_a_delivery_that_is_not_chosen_nothing_is_told(exporter: InMemorySpanExporter) -> None:
    traces = traces_to(exporter, 0.0, part="web")
    with traces.serving("delivery"), traces.publishing(EVENT) as traced:
        assert traced.trace == ""
    traces.close()
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("text", ["", "nonsense", "00-abc"])
def test_what_is_no_traceparent_has_no_trace(text: str) -> None:
    assert trace_id(text) == ""


def test_without_the_extra_the_setting_is_a_fault_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    for part in ("web", ""):  # `bridge check` is to say it too
        with pytest.raises(BadSettings) as bad:
            open_traces("http://127.0.0.1:9/v1/traces", 1.0, part=part)
        assert list(bad.value.faults) == [MISSING]


def test_without_the_setting_and_in_a_command_nothing_is_told() -> None:
    assert open_traces("", 1.0, part="web") is None
    assert open_traces("http://127.0.0.1:9/v1/traces", 1.0, part="") is None
