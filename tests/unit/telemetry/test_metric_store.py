"""The store of metric series: what is put is read again, by period, also after a restart."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from argosy.ground.clock import ManualClock
from argosy.state.database import open_database
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics import (
    Datum,
    Metric,
    MetricStore,
    Sample,
    TooManySeries,
    metric,
)

NOW = 1_700_000_040.0
"""A full minute."""


def of(name: str, **dimensions: str) -> Metric:
    return metric("1", "here", "AWS/SageMaker", name, dimensions)


@pytest.fixture
def transactions(tmp_path: Path) -> Iterator[Transactions]:
    engine = open_database(tmp_path / "metrics.db")
    yield Transactions(engine)
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(transactions: Transactions, clock: ManualClock) -> MetricStore:
    return MetricStore(transactions, clock)


def sums(store: MetricStore, name: Metric, period: int = 60) -> list[tuple[int, float]]:
    points = store.read(name, NOW - 7200, NOW + 7200, period)
    return [(point.start - int(NOW), point.sample.total) for point in points]


def test_values_of_a_minute_are_one_point(store: MetricStore) -> None:
    for second, value in ((0, 1), (59.9, 2), (60, 4), (180, 8)):
        store.put(of("a"), NOW + second, Sample.of(value))
    assert sums(store, of("a")) == [(0, 3), (60, 4), (180, 8)]
    assert sums(store, of("a"), 300) == [(-240, 3), (60, 12)]


def test_what_was_flushed_is_there_after_a_restart(
    store: MetricStore, transactions: Transactions, clock: ManualClock
) -> None:
    store.put(of("a", x="1"), NOW, Sample.of(1))
    assert store.flush()
    store.put(of("a", x="1"), NOW + 5, Sample.of(2))
    assert store.flush()
    store.put(of("a", x="1"), NOW + 6, Sample.of(4))
    again = MetricStore(transactions, clock)
    assert sums(again, of("a", x="1")) == [(0, 3)]
    assert again.find("1", "here") == [of("a", x="1")]


def test_nothing_is_written_when_nothing_came(store: MetricStore) -> None:
    assert not store.flush()


def test_what_is_durable_needs_no_flush(
    store: MetricStore, transactions: Transactions, clock: ManualClock
) -> None:
    store.put_all([Datum(of("a"), NOW, Sample.of(value)) for value in (1, 2)])
    store.put(of("b"), NOW, Sample.of(4), durable=True)
    again = MetricStore(transactions, clock)
    assert (sums(again, of("a")), sums(again, of("b"))) == ([(0, 3)], [(0, 4)])


def test_what_joins_a_transaction_goes_with_it(
    store: MetricStore, transactions: Transactions, clock: ManualClock
) -> None:
    with suppress(ZeroDivisionError), transactions.begin():
        store.put(of("a"), NOW, Sample.of(1), durable=True)
        raise ZeroDivisionError
    assert sums(store, of("a")) == []
    store.put(of("b"), NOW, Sample.of(2), durable=True)
    store.put(of("a"), NOW, Sample.of(4), durable=True)
    again = MetricStore(transactions, clock)
    for one in (store, again):
        assert (sums(one, of("a")), sums(one, of("b"))) == ([(0, 4)], [(0, 2)])


def test_fine_values_are_read_by_the_second_and_by_the_minute(store: MetricStore) -> None:
    for second in (0, 1, 11):
        store.put(of("a"), NOW + second, Sample.of(1), resolution=1)
    store.put(of("a"), NOW + 30, Sample.of(10))
    assert sums(store, of("a"), 1) == [(0, 1), (1, 1), (11, 1)]
    assert sums(store, of("a"), 10) == [(0, 2), (10, 1)]
    assert sums(store, of("a")) == [(0, 13)]


def test_each_unit_is_a_series_of_its_own(store: MetricStore) -> None:
    store.put(of("a"), NOW, Sample.of(1), "Seconds")
    store.put(of("a"), NOW, Sample.of(2), "Bytes")
    points = store.read(of("a"), NOW, NOW + 60, 60)
    assert [(point.unit, point.sample.total) for point in points] == [("Bytes", 2), ("Seconds", 1)]
    assert [p.unit for p in store.read(of("a"), NOW, NOW + 60, 60, "Seconds")] == ["Seconds"]
    assert store.find("1", "here") == [of("a")]


def test_metrics_are_found_by_what_they_have(store: MetricStore) -> None:
    both, one = of("a", x="1", y="2"), of("a", x="1")
    for name, at in ((both, NOW), (one, NOW - 3600), (of("b"), NOW)):
        store.put(name, at, Sample.of(1))
    assert store.find("1", "here", name="a", dimensions={"x": "1"}) == [one, both]
    assert store.find("1", "here", dimensions={"y": None}) == [both]
    assert store.find("1", "here", name="a", active_since=NOW - 60) == [both]
    assert store.find("1", "here", namespace="AWS/Other") == []
    assert store.find("2", "here") == []


def test_an_account_has_so_many_metrics_and_no_more(
    transactions: Transactions, clock: ManualClock
) -> None:
    store = MetricStore(transactions, clock, most_series=2)
    store.put(of("a"), NOW, Sample.of(1))
    store.put(of("b"), NOW, Sample.of(1))
    with pytest.raises(TooManySeries):
        store.put(of("c"), NOW, Sample.of(1))
    store.put(of("a"), NOW, Sample.of(1))
    assert sums(store, of("a")) == [(0, 2)]
