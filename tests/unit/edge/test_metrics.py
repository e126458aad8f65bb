"""Counters of variants."""

import json

from argosy.control.model_traffic import summary
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


def test_what_became_of_models_is_told_once_and_summed_up() -> None:
    metrics = Metrics()
    counters = metrics.of("a/r/e", "v")
    assert metrics.take() == {}
    counters.models.waited(0.05, hit=False)
    counters.models.hits += 3
    told = {"loaded": 7, "download_us": [4000], "load_us": [9000, 9000], "unload_us": []}
    counters.models.take_figures("i-1", told)
    counters.models.take_figures("i-2", {**told, "download_us": [], "load_us": []})
    line = metrics.take()["a/r/e"]["v"]
    assert metrics.take() == {}

    seen = summary([json.loads(json.dumps(line))])

    assert seen is not None
    assert (seen["loaded"], seen["hits"], seen["misses"]) == (14, 3, 1)
    assert (seen["loading"]["count"], seen["unloading"]["count"]) == (2, 0)
    assert abs(seen["waiting"]["p50_ms"] - 50) < 3
