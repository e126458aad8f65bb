"""The metrics that Prometheus is shown, made of plain values. Pure.

Names and units follow Prometheus' conventions: seconds, bytes, `_total` for sums.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric

from argosy.control.exposition.processes import Usage
from argosy.control.exposition.totals import Fleet, Histogram, Sums

_PLACE = ("account", "region", "endpoint")
_FLEET = (*_PLACE, "variant", "config", "container")
_VARIANT = (*_PLACE, "variant")
_QUEUE = {
    "ApproximateBacklogSize": ("argosy_async_backlog_requests", "Asynchronous requests that wait."),
    "ApproximateAgeOfOldestRequest": (
        "argosy_async_oldest_request_age_seconds",
        "How long the oldest asynchronous request has waited.",
    ),
}


@dataclass(frozen=True)
class Shown:
    """All that is shown. `report`: what `argosy status` shows (`control.status`)."""

    version: str
    report: Mapping[str, Any]
    fleets: Mapping[Fleet, Sums]
    instances: Mapping[int, Usage]
    """By the pid of the instance's agent."""
    processes: Mapping[tuple[str, str], Usage]
    """By process (edge, control, store, supervisor) and number."""
    alarms: Iterable[tuple[str, str, str, str]]
    """Account, region, name, state."""


def families(shown: Shown) -> list[Metric]:
    """Every metric; labels are in the samples."""
    return [
        InfoMetricFamily("argosy_build", "What runs.", {"version": shown.version}),
        _gauge("argosy_edges_connected", "Edges that are connected to control.", (), [
            ((), shown.report["edges"])
        ]),
        *_invocations(shown.fleets),
        *_variants(shown.report["endpoints"]),
        *_instances(shown.report["endpoints"], shown.instances),
        *_queues(shown.report["endpoints"]),
        *_processes(shown.processes),
        _gauge(
            "argosy_alarm_firing",
            "1 for an alarm in state ALARM.",
            ("account", "region", "alarm"),
            [((a, r, name), state == "ALARM") for a, r, name, state in shown.alarms],
        ),
    ]  # fmt: skip


def _invocations(fleets: Mapping[Fleet, Sums]) -> list[Metric]:
    invocations = CounterMetricFamily(
        "argosy_invocations", "Requests that went to a model.", labels=_FLEET
    )
    errors = CounterMetricFamily(
        "argosy_invocation_errors",
        "Requests that ended badly: 4xx and 5xx as models answered, model: all without a good one.",
        labels=(*_FLEET, "kind"),
    )
    model = HistogramMetricFamily(
        "argosy_model_latency_seconds", "From the edge to the model and back.", labels=_FLEET
    )
    overhead = HistogramMetricFamily(
        "argosy_overhead_latency_seconds", "What the edge itself took.", labels=_FLEET
    )
    left_out = CounterMetricFamily(
        "argosy_left_out",
        "copy: copies that a shadow variant did not get, capture: requests that were not captured.",
        labels=(*_FLEET, "kind"),
    )
    for fleet, sums in fleets.items():
        labels = _fleet_labels(fleet)
        for kind, count in sums.left_out.items():
            left_out.add_metric([*labels, kind], count)
        invocations.add_metric(labels, sums.invocations)
        for kind, count in sums.errors.items():
            errors.add_metric([*labels, kind], count)
        _add(model, labels, sums.model)
        _add(overhead, labels, sums.overhead)
    return [invocations, errors, left_out, model, overhead]


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    family.add_metric(labels, histogram.cumulative(), histogram.total_s)


def _fleet_labels(fleet: Fleet) -> list[str]:
    return [*fleet.endpoint.split("/", 2), fleet.variant, fleet.config, fleet.container]


def _variants(endpoints: Iterable[Mapping[str, Any]]) -> list[Metric]:
    in_flight, desired, phases, serving = [], [], [], []
    for endpoint in endpoints:
        place = _place(endpoint)
        serving.append((place, endpoint["status"] == "InService"))
        for variant in endpoint["variants"]:
            labels = (*place, variant["name"])
            in_flight.append((labels, variant["in_flight"]))
            desired.append((labels, variant["desired_instances"]))
            phases += _phases(labels, variant["fleet"])
    return [
        _gauge("argosy_endpoint_in_service", "1 while it is InService.", _PLACE, serving),
        _gauge("argosy_invocations_in_flight", "Requests with models now.", _VARIANT, in_flight),
        _gauge("argosy_instances_desired", "Instances asked for.", _VARIANT, desired),
        _gauge("argosy_instances", "Instances by phase.", (*_VARIANT, "phase"), phases),
    ]


def _phases(
    labels: tuple[str, ...], fleet: Iterable[Mapping[str, Any]]
) -> list[tuple[tuple[str, ...], float]]:
    counts = {"InService": 0}
    for instance in fleet:
        counts[instance["phase"]] = counts.get(instance["phase"], 0) + 1
    return [((*labels, phase), count) for phase, count in counts.items()]


def _instances(endpoints: Iterable[Mapping[str, Any]], usages: Mapping[int, Usage]) -> list[Metric]:
    labels = (*_VARIANT, "instance")
    cpu = CounterMetricFamily(
        "argosy_instance_cpu_seconds", "CPU time of an instance's processes.", labels=labels
    )
    memory = []
    for endpoint in endpoints:
        for variant in endpoint["variants"]:
            for instance in variant["fleet"]:
                usage = usages.get(instance["agent_pid"] or 0)
                if usage is not None:
                    values = (*_place(endpoint), variant["name"], instance["id"])
                    cpu.add_metric(values, usage.cpu_s)
                    memory.append((values, usage.memory_bytes))
    text = "Memory of an instance's processes; pages they share are counted for each."
    return [cpu, _gauge("argosy_instance_resident_memory_bytes", text, labels, memory)]


def _queues(endpoints: Iterable[Mapping[str, Any]]) -> list[Metric]:
    queues = [(_place(one), one["async"]["queue"]) for one in endpoints if one.get("async")]
    return [
        _gauge(name, text, _PLACE, [(place, queue[member]) for place, queue in queues])
        for member, (name, text) in _QUEUE.items()
        if all(member in queue for _, queue in queues)
    ]


def _processes(usages: Mapping[tuple[str, str], Usage]) -> list[Metric]:
    labels = ("process", "number")
    cpu = CounterMetricFamily("argosy_process_cpu_seconds", "CPU time.", labels=labels)
    for names, usage in usages.items():
        cpu.add_metric(names, usage.cpu_s)
    gauges = (
        ("argosy_process_resident_memory_bytes", "Memory.", "memory_bytes"),
        ("argosy_process_open_fds", "Open file descriptors.", "open_files"),
        ("argosy_process_threads", "Threads.", "threads"),
    )
    return [
        cpu,
        *(
            _gauge(name, text, labels, [(key, getattr(one, part)) for key, one in usages.items()])
            for name, text, part in gauges
        ),
    ]


def _gauge(
    name: str,
    text: str,
    labels: tuple[str, ...],
    samples: Iterable[tuple[tuple[str, ...], float]],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _place(endpoint: Mapping[str, Any]) -> tuple[str, str, str]:
    return endpoint["account"], endpoint["region"], endpoint["name"]
