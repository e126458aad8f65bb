"""Metric filters at work on log files: values, dimensions, and each event once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from argosy.control.logs.filtering import Filtering
from argosy.control.logs.measures import MOST_COMBINATIONS, Measure, Measuring
from argosy.ground.clock import ManualClock
from argosy.state.database import open_database
from argosy.state.log_groups import MetricFilter, progress_of, put_filter, set_progress
from argosy.state.records import Records
from argosy.telemetry.logs import LogReader, LogWriter
from argosy.telemetry.metrics import MetricStore, metric

PLACE = ("000000000000", "us-east-1")
GROUP = "/aws/sagemaker/Endpoints/one"
NOW = 1_700_000_000
MS = NOW * 1000


def made(pattern: str = "ERROR", group: str = GROUP, name: str = "f", **told: Any) -> MetricFilter:
    transformation = {
        "metricName": "M",
        "metricNamespace": "App",
        "metricValue": "1",
        **told,
    }
    return MetricFilter(group, name, pattern, transformation, NOW)


@pytest.mark.parametrize(
    ("given", "message", "expected"),
    [
        (made(), "an ERROR", Measure(1.0)),
        (made(), "fine", None),
        (made(metricValue="-2.5e1"), "an ERROR", Measure(-25.0)),
        (made(defaultValue=0), "fine", Measure(0.0)),
        (made(defaultValue=0), "an ERROR", Measure(1.0)),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": 0.25}', Measure(0.25)),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": "12"}', Measure(12.0)),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": "long"}', None),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": true}', None),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": 1e999}', None),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": 1e300}', None),
        (made("{ $.took = * }", metricValue="$.took"), '{"took": 1' + "0" * 400 + "}", None),
        (made("{ $.a = * }", metricValue="$.took"), '{"a": 1}', None),
        (made("[a, size]", metricValue="$size"), "x 17", Measure(17.0)),
        (
            made("{ $.a = 1 }", dimensions={"Path": "$.path", "Code": "$.code"}),
            '{"a": 1, "path": "/x", "code": 500}',
            Measure(1.0, (("Code", "500"), ("Path", "/x"))),
        ),
        (made("{ $.a = 1 }", dimensions={"Path": "$.path"}), '{"a": 1}', None),
        (made("{ $.a = 1 }", dimensions={"Path": "$.path"}), '{"a": 1, "path": " "}', None),
    ],
)
def test_an_event_becomes_a_value(
    given: MetricFilter, message: str, expected: Measure | None
) -> None:
    assert Measuring(given).measure(message, NOW) == expected


def test_dimensions_are_bounded_for_an_hour() -> None:
    measuring = Measuring(made("{ $.a = * }", dimensions={"A": "$.a"}))

    def measured(number: int, now: float) -> bool:
        return measuring.measure(json.dumps({"a": number}), now) is not None

    assert all(measured(number, NOW) for number in range(MOST_COMBINATIONS))
    assert not measured(-1, NOW + 3599)
    assert measured(5, NOW + 3599)
    assert measured(-1, NOW + 3600)


class World:
    """A database, a folder of logs, and filtering that can be restarted."""

    def __init__(self, root: Path) -> None:
        self.root = root / "logs"
        self._engine = open_database(root / "test.db")
        self.records = Records(self._engine)
        self.clock = ManualClock(NOW)
        self.metrics = MetricStore(self.records.transactions, self.clock)
        self.restart()

    def restart(self) -> None:
        self.filtering = Filtering(self.records, self.metrics, self.root, self.clock)

    def log(self, *events: tuple[int, str], stream: str = "s", group: str = GROUP) -> None:
        writer = LogWriter(self.root, *PLACE, group, stream, 1 << 20)
        for moment, text in events:
            writer.write(text, moment)
        writer.close()

    def filter(self, given: MetricFilter) -> None:
        """As PutMetricFilter does."""
        ends = LogReader(self.root, *PLACE).ends(given.group)
        if progress_of(self.records, *PLACE, given.group) is None:
            set_progress(self.records, *PLACE, given.group, ends, NOW)
        put_filter(self.records, *PLACE, replace(given, after=ends), NOW)

    def run(self) -> float | None:
        return asyncio.run(self.filtering.run())

    def values(self, name: str = "M", **dimensions: str) -> list[tuple[int, float, float]]:
        """(minutes from NOW's, count, sum) of each minute."""
        one = metric(*PLACE, "App", name, dimensions)
        points = self.metrics.read(one, NOW - 3600, NOW + 3600, 60)
        first = NOW // 60 * 60
        return [((p.start - first) // 60, p.sample.count, p.sample.total) for p in points]

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_without_filters_nothing_is_read(world: World) -> None:
    assert world.run() is None


def test_what_is_logged_after_the_filter_counts_once_even_after_a_restart(world: World) -> None:
    world.log((MS - 1, "ERROR before"))
    world.filter(made())
    world.log((MS + 1, "ERROR one"), (MS + 2, "fine"))
    world.log((MS + 3, "ERROR two"), stream="another")
    assert world.run() == 1.0
    assert world.values() == [(0, 2, 2)]
    world.restart()
    world.run()
    assert world.values() == [(0, 2, 2)]
    world.log((MS + 60_000, "ERROR three"))
    world.run()
    assert world.values() == [(0, 2, 2), (1, 1, 1)]


def test_every_filter_of_a_group_sees_every_event(world: World) -> None:
    world.log((MS - 1, "x"))
    world.filter(made("{ $.took > 0 }", metricValue="$.took", unit="Seconds"))
    given = made("{ $.took > 1 }", name="g", metricName="Slow", dimensions={"Path": "$.path"})
    world.filter(given)
    lines = [{"took": 0.5, "path": "/a"}, {"took": 1.5, "path": "/b"}, {"took": 2.5, "path": "/b"}]
    world.log(*((MS + 1, json.dumps(line)) for line in lines))
    world.run()
    assert world.values() == [(0, 3, 4.5)]
    assert world.values("Slow", Path="/b") == [(0, 2, 2)]
    assert world.values("Slow", Path="/a") == []


def test_a_filter_that_comes_later_does_not_see_what_was_before(world: World) -> None:
    world.log((MS - 9, "ERROR"))
    world.filter(made(metricName="First"))
    world.log((MS - 5, "ERROR"))
    world.filter(made(name="g"))
    world.log((MS, "ERROR"))
    world.run()
    assert world.values("First") == [(0, 2, 2)]
    assert world.values() == [(0, 1, 1)]


def test_a_clock_that_is_put_back_loses_nothing(world: World) -> None:
    world.log((MS - 5, "ERROR"))
    world.filter(made())
    world.log((MS - 60_000, "ERROR of an earlier clock"))
    world.run()
    assert sum(count for _, count, _ in world.values()) == 1


def test_a_stream_that_is_made_anew_is_read_from_its_beginning(world: World) -> None:
    world.log((MS, "x" * 500))
    world.filter(made())
    world.run()
    (stream,) = world.root.rglob("s")
    for path in stream.iterdir():
        path.unlink()
    world.log((MS, "ERROR"))
    world.run()
    assert world.values() == [(0, 1, 1)]


def test_much_is_read_in_several_passes(world: World) -> None:
    world.log((MS, "x"))
    world.filter(made())
    world.log(*((MS, "ERROR") for _ in range(7_000)))
    assert world.run() == 0.0
    assert world.run() == 1.0
    assert world.values() == [(0, 7000, 7000)]
