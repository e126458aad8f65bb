"""What Prometheus is shown, read back by the parsers of Prometheus' own library."""

import os
import subprocess
import sys
from typing import Any

import pytest
from prometheus_client import exposition, parser
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.openmetrics import parser as openmetrics_parser

from argosy.control.exposition.families import Shown, families
from argosy.control.exposition.processes import Usage, usage_of, usage_of_trees
from argosy.control.exposition.totals import BOUNDS_S, Fleet, Totals
from argosy.telemetry.sketch import bucket_of

KEY = "000000000000/us-east-1/iris"
FLEET = {"endpoint": KEY, "variant": "blue", "config": "one"}
LABELS = {
    "account": "000000000000",
    "region": "us-east-1",
    "endpoint": "iris",
    "variant": "blue",
}
INSTANCE = {"id": "i-1", "phase": "InService", "agent_pid": 7}


def line(count: int = 1, micros: int = 3000, **more: Any) -> dict[str, Any]:
    return {
        **FLEET,
        "invocations": count,
        "errors_4xx": 0,
        "errors_5xx": 0,
        "model_latency": {str(bucket_of(micros)): count},
        "model_us": [count * micros, micros, micros],
        "overhead_latency": {bucket_of(80): count},
        **more,
    }


def shown(totals: Totals, **more: Any) -> Shown:
    variant = {
        "name": "blue",
        "in_flight": 3,
        "desired_instances": 2,
        "fleet": [INSTANCE, {**INSTANCE, "id": "i-2", "phase": "Starting", "agent_pid": 8}],
    }
    endpoint = {
        "account": "000000000000",
        "region": "us-east-1",
        "name": "iris",
        "status": "InService",
        "variants": [variant],
        "async": {"queue": {"ApproximateBacklogSize": 4, "ApproximateAgeOfOldestRequest": 1.5}},
    }
    return Shown(
        version="1.2.3",
        report={"edges": 2, "endpoints": [endpoint]},
        fleets=totals.fleets,
        instances={7: Usage(12.5, 1 << 20, 3, 2)},
        processes={("edge", "0"): Usage(1.0, 2 << 20, 10, 4)},
        alarms=[("000000000000", "us-east-1", 'a "b"\n', "ALARM")],
    )


class Collected:
    def __init__(self, found: Any) -> None:
        self.found = found

    def collect(self) -> Any:
        return self.found


FORMS = {
    "text": (exposition.generate_latest, parser.text_string_to_metric_families),
    "openmetrics": (
        openmetrics_exposition.generate_latest,
        openmetrics_parser.text_string_to_metric_families,
    ),
}


def samples(form: str, what: Shown) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    write, read = FORMS[form]
    text = write(Collected(families(what))).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in read(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_figure_is_there_in_both_forms(form: str) -> None:
    totals = Totals()
    totals.take([line(2), line(1, micros=700_000, errors_5xx=1, model_errors=1)])
    totals.take([line(0, capture_dropped=4, shadow_dropped=5)])
    found = samples(form, shown(totals))

    def value(name: str, **labels: str) -> float:
        return found[name, frozenset({**LABELS, **labels}.items())]

    fleet = {"config": "one", "container": ""}
    assert value("argosy_invocations_total", **fleet) == 3
    assert value("argosy_invocation_errors_total", kind="5xx", **fleet) == 1
    assert value("argosy_invocation_errors_total", kind="4xx", **fleet) == 0
    assert value("argosy_invocation_errors_total", kind="model", **fleet) == 1
    assert value("argosy_left_out_total", kind="capture", **fleet) == 4
    assert value("argosy_left_out_total", kind="copy", **fleet) == 5
    assert value("argosy_model_latency_seconds_bucket", le="0.0025", **fleet) == 0
    assert value("argosy_model_latency_seconds_bucket", le="0.005", **fleet) == 2
    assert value("argosy_model_latency_seconds_bucket", le="+Inf", **fleet) == 3
    assert value("argosy_model_latency_seconds_count", **fleet) == 3
    assert value("argosy_model_latency_seconds_sum", **fleet) == pytest.approx(0.706)
    assert value("argosy_overhead_latency_seconds_sum", **fleet) == pytest.approx(240e-6, rel=0.05)
    assert value("argosy_invocations_in_flight") == 3
    assert value("argosy_instances", phase="InService") == 1
    assert value("argosy_instances", phase="Starting") == 1
    assert value("argosy_instances_desired") == 2
    assert value("argosy_instance_cpu_seconds_total", instance="i-1") == 12.5
    assert value("argosy_instance_resident_memory_bytes", instance="i-1") == 1 << 20
    place = frozenset((name, LABELS[name]) for name in ("account", "region", "endpoint"))
    assert found["argosy_async_backlog_requests", place] == 4
    assert found["argosy_endpoint_in_service", place] == 1
    process = frozenset({"process": "edge", "number": "0"}.items())
    assert found["argosy_process_open_fds", process] == 10
    assert found["argosy_build_info", frozenset({("version", "1.2.3")})] == 1
    alarm = {"account": "000000000000", "region": "us-east-1", "alarm": 'a "b"\n'}
    assert found["argosy_alarm_firing", frozenset(alarm.items())] == 1


def test_sums_only_grow_until_the_endpoint_is_gone() -> None:
    totals = Totals()
    for _ in range(3):
        totals.take([line()])
    (sums,) = totals.fleets.values()
    assert sums.invocations == 3
    totals.forget([KEY])
    assert totals.fleets == {Fleet(KEY, "blue", "one", ""): sums}
    totals.forget([])
    assert totals.fleets == {}


def test_a_histogram_ends_with_all() -> None:
    totals = Totals()
    totals.take([line(1, micros=10**9)])
    (sums,) = totals.fleets.values()
    cumulative = sums.model.cumulative()
    assert len(cumulative) == len(BOUNDS_S) + 1
    assert cumulative[-2:] == [("60.0", 0), ("+Inf", 1)]


def test_a_platform_without_endpoints_is_shown() -> None:
    nothing = Shown("1", {"edges": 0, "endpoints": []}, {}, {}, {}, [])
    assert samples("openmetrics", nothing)["argosy_edges_connected", frozenset()] == 0


def test_processes_are_measured_with_what_they_start() -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', "
        "'x = bytearray(50_000_000); print(flush=True); input()']); p.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        alone, tree = usage_of(parent.pid), usage_of_trees([parent.pid, 2**22 + 1])
        parent.kill()
        assert parent.stdin is not None
        parent.stdin.close()
    assert alone is not None
    assert set(tree) == {parent.pid}
    assert tree[parent.pid].memory_bytes > alone.memory_bytes + 50_000_000
    assert usage_of(os.getpid()).open_files > 2  # type: ignore[union-attr]
