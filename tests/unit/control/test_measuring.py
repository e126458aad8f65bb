"""What is published of what the edges and the desk counted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from argosy.control.measuring.asynchronous import finished
from argosy.control.measuring.publishing import Moment, published
from argosy.control.measuring.steady import Queue, Steady, Step
from argosy.control.measuring.whole import Measuring
from argosy.edge.metrics import Counters, Metrics
from argosy.ground.clock import ManualClock
from argosy.ground.routes import EndpointEntry, RoutingTable
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry.metrics import Datum, Metric, MetricStore, metric

KEY = "1/r/e"
NOW = 1_700_000_040.0
Counted = Callable[[Counters], None]


def entry(status: str = "InService", instances: int = 2, **more: Any) -> EndpointEntry:
    variant: Any = {
        "name": "v",
        "weight": 1.0,
        "containers": [{"name": "primary", "multi_model": False}],
        "direct": False,
        "timeout_s": 60.0,
        "instances": [{"id": f"i-{n}", "addresses": [], "zone": ""} for n in range(instances)],
        **more.pop("variant", {}),
    }
    endpoint: Any = {"status": status, "config": "c", "variants": [variant], **more}
    return endpoint  # type: ignore[no-any-return]


def table(**more: Any) -> RoutingTable:
    return {"version": 1, "keys": {}, "endpoints": {KEY: entry(**more)}}


def counted(count: Counted, **names: Any) -> dict[str, Any]:
    metrics = Metrics()
    count(metrics.of(KEY, "v", "c", **names))
    (line,) = metrics.take(10.0)
    return line


def by_name(data: Iterator[Datum] | list[Datum]) -> dict[tuple[str, tuple[str, ...]], Datum]:
    """(name, values of dimensions by the order of their names) → datum."""
    return {
        (one.metric.name, tuple(value for _, value in one.metric.dimensions)): one for one in data
    }


def four(counters: Counters) -> None:
    """Two good answers, a 400, and a request whose instance was lost."""
    for _ in range(3):
        counters.measured(0.010, 0.001)
    counters.failed(400)
    counters.unanswered(500)


def test_requests_are_counted_by_what_became_of_them() -> None:
    data = by_name(published(counted(four), entry(), Moment(NOW, 60)))
    variant = ("e", "v")
    totals = {name: datum.sample.total for (name, dims), datum in data.items() if dims == variant}
    assert totals == {
        "Invocations": 4,
        "Invocation4XXErrors": 1,
        "Invocation5XXErrors": 1,
        "InvocationModelErrors": 2,
        "InvocationsPerInstance": 2,
        "ModelLatency": 30_000,
        "OverheadLatency": 3_000,
    }
    assert data["Invocation4XXErrors", variant].sample.average == 0.25
    latency = data["ModelLatency", variant]
    assert (latency.unit, latency.sample.minimum) == ("Microseconds", 10_000)
    assert latency.metric.namespace == "AWS/SageMaker"
    assert {dims for _, dims in data} == {variant}


def test_during_a_deployment_each_config_is_told_apart() -> None:
    data = by_name(published(counted(four), entry("Updating"), Moment(NOW, 60)))
    assert data["Invocations", ("c", "e", "v")].sample.total == 4
    assert data["Invocations", ("e", "v")].sample.total == 4
    names = dict(data["Invocations", ("c", "e", "v")].metric.dimensions)
    assert names == {"EndpointConfigName": "c", "EndpointName": "e", "VariantName": "v"}


def test_a_container_that_is_asked_directly_has_metrics_of_its_own() -> None:
    data = by_name(published(counted(four, container="one"), entry(), Moment(NOW, 60)))
    assert data["Invocations", ("e", "v")].sample.total == 4
    own = {name for name, dims in data if dims == ("one", "e", "v")}
    assert own == {
        "Invocations",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "ContainerLatency",
        "OverheadLatency",
    }


def test_a_stage_of_a_pipeline_tells_how_long_it_took_and_no_more() -> None:
    line = counted(lambda c: c.measured(0.01, 0), container="one", part=True)
    data = by_name(published(line, entry(), Moment(NOW, 60)))
    assert set(data) == {("ContainerLatency", ("one", "e", "v"))}


def test_a_component_is_measured_for_itself_and_for_its_variant() -> None:
    copies = entry(by_component=True, variant={"production_variant": "main"})
    data = by_name(published(counted(four), copies, Moment(NOW, 60)))
    assert data["Invocations", ("v",)].sample.total == 4
    assert data["Invocations", ("e", "main")].sample.total == 4
    assert data["InvocationsPerCopy", ("v",)].sample.total == 2
    assert dict(data["Invocations", ("v",)].metric.dimensions) == {"InferenceComponentName": "v"}


def test_models_are_measured_where_there_are_many() -> None:
    def models(counters: Counters) -> None:
        counters.models.hits = 3
        counters.models.waited(0.2, hit=False)
        told = {"loaded": 2, "download_us": [100], "load_us": [200], "unload_us": []}
        counters.models.take_figures("i-0", told)

    data = by_name(published(counted(models), entry(), Moment(NOW, 60)))
    variant = ("e", "v")
    assert data["ModelCacheHit", variant].sample.average == 0.75
    assert data["ModelLoadingWaitTime", variant].sample.total == pytest.approx(200_000, rel=0.02)
    assert data["ModelDownloadingTime", variant].unit == "Microseconds"
    assert ("ModelUnloadingTime", variant) not in data


def test_finished_asynchronous_requests_are_counted_in_their_units() -> None:
    deltas = {
        "InvocationsProcesssed": 2,
        "InvocationFailures": 1,
        "errors_5xx": 1,
        "ModelLatency": {"buckets": {3: 3}, "us": [9, 3, 3]},
        "TimeInBacklog": {"buckets": {5000: 1}, "us": [5000, 5000, 5000]},
    }
    data = by_name(finished(KEY, "v", deltas, Moment(NOW, 60)))
    assert {name: datum.sample.total for (name, _), datum in data.items()} == {
        "InvocationsProcesssed": 2,
        "InvocationFailures": 1,
        "Invocation4XXErrors": 0,
        "Invocation5XXErrors": 1,
        "TimeInBacklog": 5,
        "ModelLatency": 9,
    }
    assert data["TimeInBacklog", ("e", "v")].unit == "Milliseconds"


def play(
    steady: Steady, seconds: int, table: RoutingTable, queues: list[Queue]
) -> list[tuple[int, Datum]]:
    """What is due in each second from NOW on."""
    return [
        (second, datum)
        for second in range(-1, seconds)
        for datum in steady.due(NOW + second, 1.0, table, lambda: queues)
        if second >= 0
    ]


def test_zero_is_published_at_the_end_of_each_minute_without_traffic() -> None:
    steady = Steady(60)
    data = play(steady, 120, table(), [])
    zeros = [(s, d.at - NOW, d.sample.total) for s, d in data if "PerInstance" in d.metric.name]
    assert zeros == [(59, 0, 0), (119, 60, 0)]
    steady.take(counted(four), "edge")
    after = steady.due(NOW + 179, 1.0, table(), list)
    assert [d for d in after if "InvocationsPerInstance" in d.metric.name] == []


def test_requests_in_flight_are_averaged_over_time_and_instances() -> None:
    steady = Steady(60)
    steady.due(NOW - 1, 1.0, table(), list)
    busy = counted(lambda c: [c.enter(0.0) for _ in range(4)])  # type: ignore[arg-type,return-value]
    steady.take(busy, "edge")
    data = [d for d in steady.due(NOW + 9, 1.0, table(), list) if "Concurrent" in d.metric.name]
    ((_, sample),) = [(d.resolution, d.sample) for d in data]
    assert (sample.average, sample.maximum) == (2.0, 2.0)
    assert data[0].metric.dimensions == (("EndpointName", "e"), ("VariantName", "v"))


def test_queues_are_published_even_when_they_are_empty() -> None:
    figures = {
        "ApproximateBacklogSize": 3,
        "ApproximateBacklogSizePerInstance": 3.0,
        "ApproximateAgeOfOldestRequest": 1.5,
        "HasBacklogWithoutCapacity": 1,
    }
    asynchronous = table(asynchronous={"queue": "q", "output": "", "failure": ""})
    data = play(Steady(60), 60, asynchronous, [Queue(KEY, figures)])
    assert {d.metric.name: d.sample.total for _, d in data} == figures
    assert {d.metric.dimensions for _, d in data} == {(("EndpointName", "e"),)}


def test_loaded_models_are_told_for_each_instance_that_is_there() -> None:
    steady = Steady(60)
    steady.due(NOW - 1, 1.0, table(), list)
    for instance, loaded in (("i-0", 3), ("i-1", 5), ("gone", 7)):
        told = {"loaded": loaded, "download_us": [], "load_us": [], "unload_us": []}
        line = counted(lambda c, i=instance, t=told: c.models.take_figures(i, t))  # type: ignore[misc]
        steady.take(line, "edge")
    data = [d for d in steady.due(NOW + 59, 1.0, table(), list) if "Loaded" in d.metric.name]
    assert (data[0].sample.total, data[0].sample.average) == (8, 4)
    assert data[0].metric.namespace == "/aws/sagemaker/Endpoints"


@pytest.mark.parametrize("length", [1, 5, 60])
def test_each_period_ends_once_whatever_the_clock_does(length: int) -> None:
    step = Step(length)
    ends = [step.passed(NOW + second, 1.0) for second in range(-1, 180)]
    told = [end for end in ends if end is not None]
    assert told == [NOW + n * length for n in range(180 // length)]
    assert step.passed(NOW - 3600, 1.0) is not None
    assert step.passed(NOW - 3599.9, 1.0) is None or length == 1


class Desk:
    """Of asynchronous requests: none."""

    def backlogs(self) -> dict[str, dict[str, Any]]:
        return {}

    def take_counts(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "metrics.db")
    yield Records(engine)
    engine.dispose()


class Bench:
    """Measuring on a clock of its own; `told` is what edges were told to forget."""

    def __init__(self, records: Records, start: float = NOW) -> None:
        self.clock = ManualClock(start)
        self.store = MetricStore(records.transactions, self.clock)
        self.told: list[tuple[str, int]] = []
        means: Any = SimpleNamespace(
            records=records,
            clock=self.clock,
            metrics=self.store,
            settings=Settings(),
            data_dir=SimpleNamespace(instances=Path("/")),
        )
        self.measuring = Measuring(
            means, table, Desk(), lambda source, line: self.told.append((source, line))
        )

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.measuring.tick()

    def tell(self, line: int, at: float = NOW) -> None:
        lines = [counted(four)]
        self.measuring.take({"metrics": lines, "source": "edge", "line": line, "at": at})

    def invocations(self) -> float:
        name: Metric = metric("1", "r", "AWS/SageMaker", "Invocations", VARIANT)
        points = self.store.read(name, NOW - 86400, NOW + 86400, 60)
        return sum(point.sample.total for point in points)


VARIANT = {"EndpointName": "e", "VariantName": "v"}


def test_what_an_edge_tells_twice_counts_once_also_after_a_restart(records: Records) -> None:
    bench = Bench(records)
    bench.tell(1)
    bench.tell(1)
    assert (bench.invocations(), bench.told) == (4, [])
    bench.pass_time(6)
    assert bench.told == [("edge", 1)]
    again = Bench(records, NOW + 10)
    again.tell(1)
    again.tell(2)
    assert again.told == [("edge", 1)]
    assert again.invocations() == 8


def test_what_is_not_on_disk_is_not_acknowledged(records: Records) -> None:
    bench = Bench(records)
    bench.tell(1)
    assert bench.told == []
    assert Bench(records).invocations() == 0
    bench.pass_time(6)
    assert Bench(records).invocations() == 4


def test_a_line_of_a_clock_that_went_wrong_counts_as_of_now(records: Records) -> None:
    bench = Bench(records)
    bench.tell(1, at=NOW + 10 * 365 * 86400)
    bench.tell(2, at=0.0)
    assert bench.invocations() == 8


def test_an_idle_platform_writes_once_a_minute(records: Records) -> None:
    bench = Bench(records)
    bench.pass_time(90)
    before = records.transactions.read
    commits = []
    records.transactions.begin, begin = (  # type: ignore[method-assign]
        lambda: (commits.append(1), begin())[1],
        records.transactions.begin,
    )
    bench.pass_time(120)
    assert before is not None
    assert len(commits) <= 8  # two flushes, of nested transactions
