"""Counters of variants."""

import json
from time import perf_counter

import pytest

from argosy.control.model_traffic import summary
from argosy.edge.metrics import Counters, Metrics
from argosy.edge.untaken import Untaken
from argosy.telemetry.sketch import percentile


def of(metrics: Metrics) -> Counters:
    return metrics.of("a/r/e", "v", "c")


def test_deltas_are_told_once() -> None:
    metrics = Metrics()
    counters = of(metrics)
    for _ in range(100):
        counters.measured(0.010, 0.0001)
    counters.failed(503)
    counters.unanswered(400)
    (taken,) = metrics.take(1.0)
    assert (taken["endpoint"], taken["variant"], taken["config"]) == ("a/r/e", "v", "c")
    assert (taken["invocations"], taken["errors_5xx"], taken["errors_4xx"]) == (101, 1, 1)
    assert taken["model_errors"] == 2
    assert abs((percentile(taken["model_latency"], 0.5) or 0) - 10_000) < 400
    assert taken["model_us"] == [1_000_000, 10_000, 10_000]
    assert metrics.take(2.0) == []


def test_calls_in_flight_are_told_until_they_are_done() -> None:
    metrics = Metrics()
    counters = of(metrics)
    for _ in range(3):
        counters.enter(10.0)
    counters.leave(10.5)
    (taken,) = metrics.take(11.0)
    assert (taken["in_flight"], taken["peak"]) == (2, 3)
    assert taken["busy_us"] == pytest.approx(2_500_000)
    (taken,) = metrics.take(12.0)
    assert (taken["peak"], taken["busy_us"]) == (2, pytest.approx(2_000_000))
    counters.leave(12.0)
    counters.leave(12.0)
    assert metrics.take(13.0)[0]["in_flight"] == 0
    assert metrics.take(14.0) == []


def test_an_answer_ends_a_call_and_is_measured() -> None:
    metrics = Metrics()
    counters = of(metrics)
    now = perf_counter()
    counters.enter(now - 0.2)
    counters.answered(now - 0.2, now, now - 0.3)
    (taken,) = metrics.take(now)
    assert (taken["invocations"], taken["in_flight"], taken["model_errors"]) == (1, 0, 0)
    assert taken["model_us"][0] == pytest.approx(200_000, abs=10)
    assert taken["overhead_us"][0] == pytest.approx(100_000, rel=0.5)


def test_a_variant_that_is_gone_is_forgotten_when_it_has_nothing_left_to_tell() -> None:
    metrics = Metrics()
    metrics.of("a/r/e", "idle")
    busy = metrics.of("a/r/e", "busy")
    busy.measured(0.1, 0.1)
    metrics.keep(set())
    assert metrics.of("a/r/e", "busy") is busy
    metrics.take(1.0)
    metrics.keep(set())
    assert metrics.of("a/r/e", "busy") is not busy


def test_what_became_of_models_is_told_once_and_summed_up() -> None:
    metrics = Metrics()
    counters = of(metrics)
    assert metrics.take(1.0) == []
    counters.models.waited(0.05, hit=False)
    counters.models.hits += 3
    told = {"loaded": 7, "download_us": [4000], "load_us": [9000, 9000], "unload_us": []}
    counters.models.take_figures("i-1", told)
    counters.models.take_figures("i-2", {**told, "download_us": [], "load_us": []})
    (line,) = metrics.take(2.0)
    assert metrics.take(3.0) == []

    seen = summary([json.loads(json.dumps(line))])

    assert seen is not None
    assert (seen["loaded"], seen["hits"], seen["misses"]) == (14, 3, 1)
    assert (seen["loading"]["count"], seen["unloading"]["count"]) == (2, 0)
    assert abs(seen["waiting"]["p50_ms"] - 50) < 3


def test_a_line_is_told_again_until_control_has_it_for_good() -> None:
    metrics, untaken = Metrics(), Untaken()
    for _ in range(2):
        of(metrics).unanswered(500)
        assert len(list(untaken.collect(metrics, connected=True))) == 1
    assert not untaken.collect(metrics, connected=True)
    first, second = untaken.lines()
    untaken.took(first["line"])
    assert untaken.lines() == [second]
    assert (first["source"], second["line"]) == (second["source"], first["line"] + 1)


def test_while_control_is_away_one_line_a_minute_is_kept() -> None:
    metrics, untaken = Metrics(), Untaken()
    told = []
    for _ in range(3):
        of(metrics).unanswered(500)
        told += untaken.collect(metrics, connected=False)
    assert len(told) <= 2  # two, should the minute have ended just then
    kept = sum(line["metrics"][0]["invocations"] for line in told)
    (rest,) = metrics.take(1.0) if kept < 3 else ({"invocations": 0},)
    assert kept + rest["invocations"] == 3
