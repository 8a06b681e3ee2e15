"""Spans for whoever traces: from a delivery through the broker to the push. OpenTelemetry lives only here.

It is an optional extra and is loaded only where `TRACES_URL` is set; elsewhere there is no `Tracing`, and the
hot path asks for nothing but that. A span never holds a body, an address or a secret: ids, names, outcomes.
The vendors' own trace headers are not heeded: a stranger must not choose what our traces belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.clock import to_micros
from bridge.errors import BadSettings
from schemas.event import Event

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanKind

SERVICE = "sailthru-zendesk-bridge"
SEND_TIMEOUT_S = 5
MISSING = (
    "TRACES_URL: tracing needs the extra `traces`; install it with: "
    "pip install 'sailthru-zendesk-bridge[traces]', or take TRACES_URL away"
)


def open_traces(url: str, share: float, *, part: str) -> Tracing | None:
    """What tells spans to `url` (OTLP over HTTP); None where there is none, or no process that works.

    `part` is the process, empty for a command; `share` of all deliveries is traced, from 0 to 1. Raises
    `BadSettings` where the extra is not installed.
    """
    if not url:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise BadSettings([MISSING]) from None
    if not part:
        return None
    return traces_to(OTLPSpanExporter(endpoint=url, timeout=SEND_TIMEOUT_S), share, part=part)


def traces_to(exporter: SpanExporter, share: float, *, part: str) -> Tracing:
    """What tells spans to that exporter, some at a time, from a thread of its own."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    resource = Resource.create({"service.name": SERVICE, "bridge.process": part})
    provider = TracerProvider(resource=resource, sampler=ParentBasedTraceIdRatio(share))
    processor: SpanProcessor = BatchSpanProcessor(exporter)
    provider.add_span_processor(processor)
    return Tracing(provider)


class Tracing:
    """One process's spans. Thread-safe; telling one waits for nobody."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import trace

        self._provider = provider
        self._tracer = provider.get_tracer("bridge")
        self._kinds = trace.SpanKind
        self._current = trace.get_current_span

    @contextmanager
    def serving(self, name: str) -> Iterator[None]:
        """A request is served: what is published meanwhile belongs to it."""
        with self._spanned(name, self._kinds.SERVER):
            yield

    @contextmanager
    def publishing(self, event: Event) -> Iterator[Event]:
        """Gives the event as it is to be published, with its place in the trace."""
        with self._spanned(f"publish {event.type}", self._kinds.PRODUCER) as span:
            span.set_attributes(_about({"event": event.id, "installation": event.installation}))
            yield replace(event, trace=_traceparent(span))

    def note(self, **about: Any) -> Mapping[str, str]:
        """Note of the request that is served what is known at its end; its trace id, for the log."""
        span = self._current()
        span.set_attributes(_about(about))
        return {"trace": f"{span.get_span_context().trace_id:032x}"}

    def tell(
        self, name: str, parents: Iterable[str], *, ended_at: datetime, seconds: float, **about: Any
    ) -> None:
        """Something was done for these events, each known by its traceparent: a span in each of their traces.

        It took so many seconds until `ended_at`. `error`, where it is given, makes the span a failed one.
        """
        began, ended = _nanos(ended_at - timedelta(seconds=seconds)), _nanos(ended_at)
        for parent in parents:
            span = self._tracer.start_span(
                name, context=_context(parent), kind=self._kinds.CLIENT, start_time=began
            )
            span.set_attributes(_about(about))
            if about.get("error"):
                _fail(span, str(about["error"]))
            span.end(ended)

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()

    @contextmanager
    def _spanned(self, name: str, kind: SpanKind) -> Iterator[Span]:
        # An exception's own words may quote what came: only its outcome is noted.
        with self._tracer.start_as_current_span(
            name, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span


def trace_id(traceparent: str) -> str:
    """The id of the whole trace, as tracing systems search for it; empty for what is no traceparent."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == len(("version", "trace", "span", "flags")) else ""


def _traceparent(span: Span) -> str:
    """The span as W3C writes it; empty when it is not among those that are kept."""
    context = span.get_span_context()
    if not context.trace_flags.sampled:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def _context(traceparent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent})


def _fail(span: Span, error: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, error))


def _about(about: Mapping[str, Any]) -> dict[str, Any]:
    return {f"bridge.{name}": value for name, value in about.items() if value not in (None, "")}


def _nanos(moment: datetime) -> int:
    return to_micros(moment) * 1_000
