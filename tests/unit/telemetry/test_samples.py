"""Samples: merging them is the same as taking all values together; packing loses nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.telemetry.metrics import Sample, merge
from argosy.telemetry.metrics.buckets import key_of, rough, value_of
from argosy.telemetry.metrics.packing import pack, pack_points, unpack, unpack_points

_VALUES = st.one_of(
    st.integers(0, 50).map(float),
    st.floats(0, 1e12, allow_nan=False, allow_subnormal=False),
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False),
)
_POSITIVE = st.floats(1e-9, 1e12, allow_nan=False)


@given(st.lists(st.lists(_VALUES, min_size=1, max_size=40), min_size=1, max_size=6))
def test_merging_is_the_same_as_taking_all_values_together(groups: list[list[float]]) -> None:
    together = Sample.of_values([value for group in groups for value in group])
    merged = merge([Sample.of_values(group) for group in groups])
    assert merged.sketch == together.sketch
    assert (merged.count, merged.rough) == (together.count, together.rough)
    assert (merged.minimum, merged.maximum) == (together.minimum, together.maximum)
    assert merged.total == pytest.approx(together.total, abs=1e-3)


@given(st.lists(_POSITIVE, min_size=33, max_size=200), st.floats(0.01, 1))
def test_percentiles_of_many_values_are_within_two_percent(
    values: list[float], share: float
) -> None:
    exact = sorted(values)[max(math.ceil(share * len(values) - 1e-9), 1) - 1]
    found = Sample.of_values(values).percentile(share)
    assert found == pytest.approx(exact, rel=0.02)


def test_percentiles_of_few_values_are_exact() -> None:
    sample = Sample.of_values([0.1, 0.2, 0.3, 1234.567], [1, 1, 1, 1])
    assert [sample.percentile(share) for share in (0.25, 0.5, 1)] == [0.1, 0.2, 1234.567]


def test_a_value_that_is_negative_leaves_no_percentiles() -> None:
    sample = merge([Sample.of(3), Sample.of(-1)])
    assert sample.percentile(0.5) is None
    assert (sample.count, sample.total, sample.minimum, sample.maximum) == (2, 2, -1, 3)


def test_a_statistic_set_leaves_no_percentiles_unless_all_its_values_are_the_same() -> None:
    assert Sample.of_statistics(4, 10, 1, 4).percentile(0.5) is None
    assert Sample.of_statistics(4, 12, 3, 3).percentile(0.5) == 3
    assert merge([Sample.of(1), Sample.of_statistics(4, 10, 1, 4)]).percentile(0.5) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Sample.of(value)


@given(_POSITIVE)
def test_a_bucket_is_near_its_values_and_is_its_own_bucket(value: float) -> None:
    bucket = rough(key_of(value))
    assert value_of(bucket) == pytest.approx(value, rel=0.016)
    assert rough(bucket) == bucket


@given(
    st.lists(_VALUES, min_size=1, max_size=80),
    st.one_of(st.none(), st.floats(0.5, 9, allow_nan=False)),
)
def test_a_packed_sample_is_unpacked_as_it_was(values: list[float], count: float | None) -> None:
    counts = None if count is None else [count] * len(values)
    sample = Sample.of_values(values, counts)
    packed = pack(sample)
    assert unpack(b"xy" + packed, 2) == (sample, len(packed) + 2)


@given(st.dictionaries(st.integers(0, 100_000), _VALUES.map(Sample.of), max_size=20))
def test_points_are_unpacked_in_order(points: dict[int, Sample]) -> None:
    assert list(unpack_points(pack_points(points))) == sorted(points.items())


def test_a_plain_number_takes_few_bytes() -> None:
    assert len(pack(Sample.of(0))) == 3
    assert len(pack(Sample.of_values([0, 1], [59, 1]))) < 20
