"""Roll-up and retention: what is read stays the same, until its time is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.ground.clock import ManualClock
from argosy.state.database import open_database
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics import Datum, Metric, MetricStore, Sample, merge, metric

NOW = 1_700_006_400.0
"""A full day."""
HOUR, DAY = 3600, 86400
PERIODS = (1, 10, 60, 300, 3600, 21600, 86400)


def of(name: str, **dimensions: str) -> Metric:
    return metric("1", "here", "AWS/SageMaker", name, dimensions)


@pytest.fixture
def transactions(tmp_path: Path) -> Iterator[Transactions]:
    engine = open_database(tmp_path / "metrics.db")
    yield Transactions(engine)
    engine.dispose()


class Bench:
    """A store whose clock can be moved; `monotonic` goes with it unless it is set."""

    def __init__(self, transactions: Transactions, most_bytes: int = 1 << 30) -> None:
        self.clock = ManualClock(NOW)
        self.store = MetricStore(transactions, self.clock, most_bytes=most_bytes)
        self.ahead = 0.0
        self.store.rollup._monotonic = lambda: self.clock.now() - self.ahead

    def upkeep(self, later: float = 0.0) -> None:
        self.clock.advance(later)
        for _ in self.store.rollup.slices():
            pass

    def jump(self, seconds: float) -> None:
        """Set the clock, with no time passing."""
        self.clock.advance(seconds)
        self.ahead += seconds

    def read(self, name: Metric, period: int) -> list[tuple[int, Sample]]:
        points = self.store.read(name, NOW - 500 * DAY, NOW + 500 * DAY, period)
        return [(point.start, point.sample) for point in points]


VALUES = st.lists(
    st.tuples(
        st.integers(-3 * HOUR, 0),
        st.one_of(st.integers(0, 3).map(float), st.floats(0.001, 1e6, allow_nan=False)),
        st.sampled_from([1, 60]),
    ),
    min_size=1,
    max_size=60,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(early=VALUES, late=VALUES, period=st.sampled_from(PERIODS))
def test_rolled_up_values_are_those_of_everything_together(
    transactions: Transactions,
    early: list[tuple[int, float, int]],
    late: list[tuple[int, float, int]],
    period: int,
) -> None:
    bench = Bench(transactions)
    bench.store.delete_all()
    bench.store.put_all([Datum(of("a"), NOW + at, Sample.of(v), "None", r) for at, v, r in early])
    bench.upkeep(600)
    bench.store.put_all([Datum(of("a"), NOW + at, Sample.of(v), "None", r) for at, v, r in late])
    before = bench.read(of("a"), period)
    bench.upkeep(2 * HOUR if period >= 60 else 0)
    after = bench.read(of("a"), period)

    wanted: dict[int, list[Sample]] = {}
    for at, value, fine in early + late:
        # A value that was fine and came when it was three hours old is one of its minute.
        if period >= 60 or fine == 1:
            wanted.setdefault(int((NOW + at) // period * period), []).append(Sample.of(value))
    if period >= 60:
        assert [start for start, _ in after] == sorted(wanted)
        for start, sample in after:
            whole = merge(wanted[start])
            assert (sample.count, sample.sketch) == (whole.count, whole.sketch)
            assert sample.total == pytest.approx(whole.total)
    assert [start for start, _ in after] == [start for start, _ in before]
    assert [s.count for _, s in after] == [s.count for _, s in before]


def test_each_tier_is_kept_for_as_long_as_cloudwatch_does(transactions: Transactions) -> None:
    bench = Bench(transactions)
    bench.store.put(of("a"), NOW, Sample.of(1), resolution=1)
    bench.store.flush()
    kept = {}
    for age in (2 * HOUR, 3 * HOUR, 14 * DAY, 16 * DAY, 62 * DAY, 65 * DAY, 454 * DAY, 470 * DAY):
        bench.upkeep(NOW + age - bench.clock.now())
        kept[age] = [period for period in (1, 60, 300, 3600) if bench.read(of("a"), period)]
    assert kept == {
        2 * HOUR: [1, 60, 300, 3600],
        3 * HOUR: [1, 60, 300, 3600],
        14 * DAY: [60, 300, 3600],
        16 * DAY: [300, 3600],
        62 * DAY: [300, 3600],
        65 * DAY: [3600],
        454 * DAY: [3600],
        470 * DAY: [],
    }
    assert bench.store.find("1", "here") == []


def test_what_is_of_one_instance_is_forgotten_after_fifteen_days(
    transactions: Transactions,
) -> None:
    bench = Bench(transactions)
    bench.store.put(of("cpu", Host="e/v/i"), NOW, Sample.of(1))
    bench.store.put(of("cpu", EndpointName="e"), NOW, Sample.of(1))
    bench.store.flush()
    bench.upkeep(16 * DAY)
    assert bench.store.find("1", "here") == [of("cpu", EndpointName="e")]
    again = MetricStore(transactions, bench.clock)
    assert again.find("1", "here") == [of("cpu", EndpointName="e")]


def test_when_there_is_too_much_the_oldest_goes(transactions: Transactions) -> None:
    bench = Bench(transactions, most_bytes=3_000)
    for day in range(10):
        for minute in range(200):
            bench.store.put(of("a"), NOW + day * DAY + 60 * minute, Sample.of(minute))
        bench.store.flush()
        bench.upkeep(NOW + (day + 1) * DAY - bench.clock.now())
    assert bench.store.rollup.size() <= 3_000
    for period in (60, 300):
        starts = [start for start, _ in bench.read(of("a"), period)]
        assert starts[0] >= NOW + DAY
        assert starts[-1] == (NOW + 9 * DAY + 60 * 199) // period * period
    assert bench.read(of("a"), 3600)[0][0] == NOW


def test_a_clock_that_is_set_forward_by_mistake_removes_nothing(transactions: Transactions) -> None:
    bench = Bench(transactions)
    bench.store.put(of("a"), NOW, Sample.of(1))
    bench.store.flush()
    bench.upkeep(2 * HOUR)
    bench.jump(900 * DAY)
    bench.upkeep(HOUR)
    assert bench.read(of("a"), 60)
    bench.jump(-900 * DAY)
    bench.store.put(of("a"), bench.clock.now(), Sample.of(2))
    bench.store.flush()
    bench.upkeep(HOUR)
    assert [sample.total for _, sample in bench.read(of("a"), 60)] == [1, 2]


def test_values_of_the_future_wait_for_their_time(transactions: Transactions) -> None:
    bench = Bench(transactions)
    bench.store.put(of("a"), NOW + 90 * 60, Sample.of(1), durable=True)
    bench.upkeep(60)
    assert len(bench.read(of("a"), 60)) == 1
    bench.upkeep(4 * HOUR)
    assert len(bench.read(of("a"), 60)) == 1


def test_a_long_range_is_read_from_few_blocks(transactions: Transactions) -> None:
    bench = Bench(transactions)
    data = [Datum(of("a"), NOW - minute * 60, Sample.of(minute)) for minute in range(5000)]
    bench.store.put_all(data)
    bench.upkeep(HOUR)
    days = bench.store.read(of("a"), NOW - 10 * DAY, NOW + DAY, DAY)
    assert sum(point.sample.count for point in days) == 5000
