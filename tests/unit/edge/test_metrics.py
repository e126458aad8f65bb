"""Counters of variants."""

from argosy.edge.metrics import Metrics
from argosy.telemetry.sketch import percentile


def test_deltas_are_told_once() -> None:
    metrics = Metrics()
    counters = metrics.of("a/r/e", "v")
    for _ in range(100):
        counters.answered(0.010, 0.0001)
    counters.errors_5xx += 1
    taken = metrics.take()["a/r/e"]["v"]
    assert (taken["invocations"], taken["errors_5xx"]) == (100, 1)
    assert abs((percentile(taken["model_latency"], 0.5) or 0) - 10_000) < 400
    assert metrics.take() == {}


def test_calls_in_flight_are_told_until_they_are_done() -> None:
    metrics = Metrics()
    counters = metrics.of("a/r/e", "v")
    counters.in_flight = 3
    assert metrics.take()["a/r/e"]["v"]["in_flight"] == 3
    counters.in_flight = 0
    assert metrics.take()["a/r/e"]["v"]["in_flight"] == 0
    assert metrics.take() == {}


def test_a_variant_that_is_gone_is_forgotten_when_it_has_nothing_left_to_tell() -> None:
    metrics = Metrics()
    metrics.of("a/r/e", "idle")
    busy = metrics.of("a/r/e", "busy")
    busy.answered(0.1, 0.1)
    metrics.keep(set())
    assert metrics.of("a/r/e", "busy") is busy
    metrics.take()
    metrics.keep(set())
    assert metrics.of("a/r/e", "busy") is not busy
