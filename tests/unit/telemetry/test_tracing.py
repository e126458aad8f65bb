"""Spans on their way to a collector: what is chosen, what arrives, what is lost."""

import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings
from argosy.telemetry import tracing
from argosy.telemetry.traceparent import Place, new_place, place_of
from argosy.telemetry.tracing import Told, Tracing
from tests.support.collector import Collector

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def told(place: Place, parent: Place | None = None, name: str = "one") -> Told:
    now = time.time_ns()
    return Told(name, place, parent, now - 1_000_000, now, {"a": 1, "b": "x"}, server=True)


def test_the_callers_place_is_read_and_written() -> None:
    place = place_of(HEADER)
    assert place == Place(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True)
    assert place.header == HEADER
    assert place.within().trace_id == place.trace_id
    assert place.within().span_id != place.span_id
    later = place_of("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more")
    assert later is not None
    assert not later.sampled


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        HEADER.upper(),
        HEADER + "-more",
        HEADER.replace("00-0af", "ff-0af"),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
    ],
)
def test_what_is_no_traceparent_is_ignored(header: str) -> None:
    assert place_of(header) is None


@given(st.text(max_size=70))
def test_any_header_is_read_or_ignored(header: str) -> None:
    place = place_of(header)
    assert place is None or place_of(place.header) == place


def test_a_caller_decides_and_else_the_share() -> None:
    with Collector() as collector:
        none = Tracing(Settings(otlp_endpoint=collector.url, otlp_sampling=0.0), "edge")
        every = Tracing(Settings(otlp_endpoint=collector.url, otlp_sampling=1.0), "edge")
        assert none.chosen("") is None
        assert every.chosen("") is not None
        chosen = none.chosen(HEADER)
        assert chosen is not None
        assert chosen[1] == place_of(HEADER)
        assert every.chosen(HEADER[:-1] + "0") is None
        none.close()
        every.close()


def test_spans_arrive_with_all_that_they_say() -> None:
    with Collector() as collector:
        ours = Tracing(Settings(otlp_endpoint=collector.url + "/"), "edge")
        parent = new_place()
        place = parent.within()
        span = told(place, parent)
        ours.tell(span)
        ours.close()
        (got,) = collector.spans
    assert (got.service, got.name, got.kind) == ("argosy-edge", "one", 2)
    assert got.trace_id == f"{place.trace_id:032x}"
    assert (got.span_id, got.parent_id) == (f"{place.span_id:016x}", f"{parent.span_id:016x}")
    assert (got.start, got.end) == (span.start, span.end)
    assert got.attributes == {"a": 1, "b": "x"}


def test_without_a_collector_nothing_waits_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours = Tracing(Settings(otlp_endpoint="http://127.0.0.1:9"), "edge")
    start = time.monotonic()
    with caplog.at_level(logging.WARNING):
        for _ in range(10_000):
            ours.tell(told(new_place()))
        took = time.monotonic() - start
        ours.close()
    assert took < 5
    assert time.monotonic() - start < 15


def test_traces_go_nowhere_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracing.start(Settings(), "edge") is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert tracing.wanted(Settings())
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not tracing.wanted(Settings())


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "installed", lambda: False)
    with pytest.raises(ArgosyError, match="otel"):
        tracing.check(Settings(otlp_endpoint="http://127.0.0.1:9"))
    tracing.check(Settings())
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert tracing.start(Settings(), "edge") is None
    with pytest.raises(ArgosyError, match="share"):
        tracing.check(Settings(otlp_sampling=2))
