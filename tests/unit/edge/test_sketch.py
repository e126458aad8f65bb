"""Latency sketches: small, mergeable, and never far from the truth."""

from hypothesis import given
from hypothesis import strategies as st

from argosy.telemetry.sketch import bucket_of, merge, percentile, value_of

latencies = st.integers(min_value=0, max_value=10**9)


@given(latencies)
def test_a_bucket_stands_for_a_value_within_four_percent(microseconds: int) -> None:
    assert abs(value_of(bucket_of(microseconds)) - microseconds) <= 0.04 * microseconds


@given(latencies, latencies)
def test_buckets_keep_the_order_of_values(one: int, other: int) -> None:
    assert (bucket_of(one) <= bucket_of(other)) or one > other


def sketch_of(values: list[int]) -> dict[int, int]:
    return merge({bucket_of(value): 1} for value in values)


@given(st.lists(latencies, min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_that_of_the_sorted_values(values: list[int], share: float) -> None:
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    found = percentile(sketch_of(values), share)
    assert found is not None
    assert abs(found - exact) <= 0.04 * exact


@given(st.lists(latencies), st.lists(latencies))
def test_merging_two_sketches_is_sketching_both(some: list[int], more: list[int]) -> None:
    as_json = {str(bucket): count for bucket, count in sketch_of(more).items()}
    assert merge([sketch_of(some), as_json]) == sketch_of(some + more)


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, 0.5) is None
