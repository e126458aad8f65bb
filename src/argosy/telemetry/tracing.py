"""Spans for an OpenTelemetry collector, by OTLP over HTTP: what the extra `argosy[otel]` is for.

A span is told when it has ended; a thread of its own sends what has gathered. Nothing here waits:
where the collector does not keep up or is away, spans are dropped, and the log says so once a
minute. Without an endpoint there is no Tracing at all.
"""

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from random import random
from typing import Any, NamedTuple

import argosy
from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings
from argosy.telemetry.traceparent import Place, new_place, place_of

log = logging.getLogger(__name__)

_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_QUEUE = 4096
_BATCH = 512
_EVERY_MS = 1000
_TIMEOUT_S = 5
_FAREWELL_S = 2.0
_COMPLAIN_S = 60.0

Value = str | int | float | bool


class Told(NamedTuple):
    """A span that has ended. Times in ns since the epoch; `server`: it answered a request."""

    name: str
    place: Place
    parent: Place | None
    start: int
    end: int
    attributes: Mapping[str, Value]
    failed: bool = False
    server: bool = False


def wanted(settings: Settings) -> bool:
    """Whether traces have somewhere to go."""
    named = settings.otlp_endpoint or any(os.environ.get(name) for name in _VARIABLES)
    return bool(named) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def installed() -> bool:
    """Whether the extra is there."""
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:
        return False


def check(settings: Settings) -> None:
    """Raises ArgosyError when traces are asked for by our own setting and cannot be sent."""
    if settings.otlp_endpoint and not installed():
        raise ArgosyError(
            "ARGOSY_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: "
            "pip install 'argosy[otel]'"
        )
    if not 0.0 <= settings.otlp_sampling <= 1.0:
        raise ArgosyError("ARGOSY_OTLP_SAMPLING is a share from 0 to 1.")


def start(settings: Settings, process: str) -> "Tracing | None":
    """Tracing of this process ("edge", "control"); None where traces go nowhere."""
    if not wanted(settings):
        return None
    if not installed():
        log.warning("no traces: OpenTelemetry is not installed (pip install 'argosy[otel]')")
        return None
    return Tracing(settings, process)


class Tracing:
    """Chooses the requests that are traced, and sends their spans."""

    def __init__(self, settings: Settings, process: str) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._share = settings.otlp_sampling
        self._resource = Resource.create(
            {
                "service.name": f"argosy-{process}",
                "service.version": argosy.__version__,
                "service.instance.id": f"{process}-{os.getpid()}",
            }
        )
        self._processor = BatchSpanProcessor(
            _exporter(settings.otlp_endpoint),
            max_queue_size=_QUEUE,
            max_export_batch_size=_BATCH,
            schedule_delay_millis=_EVERY_MS,
            export_timeout_millis=_TIMEOUT_S * 1000,
        )

    def chosen(self, traceparent: str) -> tuple[Place, Place | None] | None:
        """(the request's own span, its parent), or None for one that is not traced.

        A caller that says whether it is sampled is obeyed.
        """
        parent = place_of(traceparent) if traceparent else None
        if parent is not None:
            return (parent.within(), parent) if parent.sampled else None
        return (new_place(), None) if random() < self._share else None

    def tell(self, told: Told) -> None:
        """Take a span that has ended; it is sent within a second or so."""
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanKind, Status, StatusCode

        self._processor.on_end(
            ReadableSpan(
                name=told.name,
                context=_context(told.place, remote=False),
                parent=None if told.parent is None else _context(told.parent, remote=told.server),
                resource=self._resource,
                attributes=told.attributes,
                kind=SpanKind.SERVER if told.server else SpanKind.CLIENT,
                status=Status(StatusCode.ERROR if told.failed else StatusCode.UNSET),
                start_time=told.start,
                end_time=told.end,
            )
        )

    def close(self) -> None:
        """Send what has gathered, if that is a matter of a moment."""
        farewell = threading.Thread(target=self._processor.shutdown, daemon=True)
        farewell.start()
        farewell.join(_FAREWELL_S)


def _context(place: Place, *, remote: bool) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags

    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(place.trace_id, place.span_id, is_remote=remote, trace_flags=flags)


def _exporter(endpoint: str) -> Any:
    """Sends to the endpoint of our setting, else where OpenTelemetry's own variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    url = endpoint.rstrip("/") + "/v1/traces" if endpoint else None
    inner = OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_S)

    class Complaining(SpanExporter):
        """Says once in a while that spans are lost."""

        def __init__(self) -> None:
            self._next = 0.0

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = inner.export(spans)
            now = time.monotonic()
            if result is not SpanExportResult.SUCCESS and now >= self._next:
                self._next = now + _COMPLAIN_S
                log.warning("%d spans are lost: the collector does not take them", len(spans))
            return result

        def shutdown(self) -> None:
            inner.shutdown()  # type: ignore[no-untyped-call]

    return Complaining()
