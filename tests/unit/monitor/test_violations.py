"""Every kind of violation, and the distances behind drift, against figures computed by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from argosy.monitor import baseline, constraints, drift, metrics, statistics
from argosy.monitor.analysis import BadData
from argosy.monitor.dataset import Dataset
from argosy.monitor.sketches import Weighted
from argosy.monitor.violations import Checked, check


def dataset_of(**columns: Sequence[str | None]) -> Dataset:
    dataset = Dataset()
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    dataset.add_rows(list(columns), rows)
    return dataset


def checked(
    before: Dataset, now: Dataset, feature: dict[str, Any] | None = None, **config: Any
) -> Checked:
    """`now` against what is suggested from `before`; `feature` overrides the first feature's."""
    limits = constraints.suggest(before)
    limits["monitoring_config"] |= config
    if feature is not None:
        limits["features"][0]["monitoring_config_overrides"] = feature
    return check(now, limits, baseline.read(statistics.of(before)))


def kinds(found: Checked) -> list[tuple[str, str]]:
    return [(one["feature_name"], one["constraint_check_type"]) for one in found.violations]


def even(*values: float) -> Weighted:
    return Weighted(np.array(sorted(values)), np.ones(len(values)))


WHOLE = [str(number) for number in range(100)]


def test_the_same_data_violates_nothing() -> None:
    data = dataset_of(a=WHOLE, b=["red", "blue"] * 50, c=[None] * 100)
    assert checked(data, data).violations == []


def test_another_type_is_a_violation_that_says_how_much_still_fits() -> None:
    found = checked(dataset_of(a=WHOLE), dataset_of(a=[*WHOLE[:75], *["0.5"] * 25]))
    assert found.violations[0] == {
        "feature_name": "a",
        "constraint_check_type": "data_type_check",
        "description": "Data type match requirement is not met. Expected data type: Integral, "
        "Expected match: 100.0%. Observed: Only 75.0% of data is Integral.",
    }


def test_whole_numbers_are_fractions_too() -> None:
    fractions = dataset_of(a=[f"{number}.0" for number in WHOLE])
    assert checked(fractions, dataset_of(a=WHOLE)).violations == []


def test_a_type_may_be_wrong_as_often_as_the_threshold_allows() -> None:
    now = dataset_of(a=[*WHOLE[:95], *["x"] * 5])
    assert checked(dataset_of(a=WHOLE), now, datatype_check_threshold=0.95).violations == []


def test_values_that_are_missing_are_a_violation() -> None:
    found = checked(dataset_of(a=WHOLE), dataset_of(a=[*WHOLE[:90], *[None] * 10]))
    assert kinds(found) == [("a", "completeness_check")]
    assert "Only 90.0% of data is present" in found.violations[0]["description"]


def test_as_many_missing_values_as_in_the_baseline_are_none() -> None:
    gaps = dataset_of(a=[*WHOLE[:90], *[None] * 10])
    assert checked(gaps, gaps).violations == []


def test_negative_values_where_there_were_none_are_a_violation() -> None:
    found = checked(dataset_of(a=WHOLE), dataset_of(a=["-1", *WHOLE[1:]]))
    assert kinds(found) == [("a", "data_type_check")]
    assert "Non-negativity" in found.violations[0]["description"]


def test_a_column_that_is_gone_and_one_that_is_new_are_violations() -> None:
    found = checked(dataset_of(a=WHOLE, b=WHOLE), dataset_of(a=WHOLE, c=WHOLE, d=WHOLE))
    assert kinds(found) == [
        ("Missing columns", "missing_column_check"),
        ("Extra columns", "extra_column_check"),
    ]
    assert "current dataset: 3, Number of columns in baseline constraints: 2" in str(found)
    assert found.violations[1]["description"].endswith("They are: c, d")


def test_unknown_categories_are_a_violation() -> None:
    before = dataset_of(a=["red", "blue"] * 500)
    found = checked(before, dataset_of(a=[*["red", "blue"] * 490, *["green"] * 20]))
    assert kinds(found) == [("a", "categorical_values_check")]
    assert "Only 98.0% of data" in found.violations[0]["description"]
    assert found.violations[0]["description"].endswith("Unknown values are: green")


def test_numbers_that_have_moved_are_a_violation() -> None:
    before = dataset_of(a=[str(number) for number in range(1000)])
    moved = dataset_of(a=[str(number + 300) for number in range(1000)])
    found = checked(before, moved)
    expected = 0.3 - 1.8 * (2000 / 1_000_000) ** 0.5
    assert found.drifts["a"] == pytest.approx(expected)
    assert found.violations[0]["description"] == (
        f"Baseline drift distance: {expected:.6g} exceeds threshold: 0.1"
    )


def test_few_samples_are_no_drift_for_the_robust_method_but_for_the_simple_one() -> None:
    before, now = dataset_of(a=WHOLE), dataset_of(a=WHOLE[:70])
    assert checked(before, now).violations == []
    simple = {"comparison_threshold": 0.1, "comparison_method": "Simple"}
    found = checked(before, now, distribution_constraints=simple)
    assert found.drifts == {"a": pytest.approx(0.3)}
    assert kinds(found) == [("a", "baseline_drift_check")]


def test_categories_that_have_shifted_are_a_violation() -> None:
    before = dataset_of(a=["red", "blue"] * 500)
    found = checked(before, dataset_of(a=["red"] * 800 + ["blue"] * 200))
    assert kinds(found) == [("a", "baseline_drift_check")]
    assert found.drifts["a"] == pytest.approx(0.3 - 1.8 * (2000 / 1_000_000) ** 0.5)


def test_chi_squared_flags_what_is_hardly_chance() -> None:
    chi = {"categorical_drift_method": "ChiSquared", "categorical_comparison_threshold": 0.05}
    before = dataset_of(a=["red", "blue", "green"] * 100)
    same = dataset_of(a=["red", "green", "blue"] * 30)
    assert checked(before, same, distribution_constraints=chi).violations == []
    found = checked(
        before, dataset_of(a=["red"] * 80 + ["blue"] * 10), distribution_constraints=chi
    )
    assert kinds(found) == [("a", "baseline_drift_check")]
    assert found.drifts["a"] > 0.99


def test_a_feature_may_have_rules_of_its_own() -> None:
    before, now = dataset_of(a=WHOLE, b=WHOLE), dataset_of(a=["x"] * 100, b=["x"] * 100)
    found = checked(before, now, feature={"evaluate_constraints": "Disabled"})
    assert {name for name, _ in kinds(found)} == {"b"}


def test_nothing_is_evaluated_where_that_is_disabled() -> None:
    now = dataset_of(z=["x"])
    assert checked(dataset_of(a=WHOLE), now, evaluate_constraints="Disabled").violations == []


def test_numbers_are_still_compared_when_a_word_is_among_them() -> None:
    numbers = [str(number) for number in range(1000)]
    now = dataset_of(a=[*(str(number + 500) for number in range(999)), "oops"])
    assert ("a", "baseline_drift_check") in kinds(checked(dataset_of(a=numbers), now))


@pytest.mark.parametrize(
    "wrong", [{"datatype_check_threshold": "high"}, {"datatype_check_threshold": True}]
)
def test_a_threshold_that_is_no_number_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadData, match="not a number"):
        checked(dataset_of(a=WHOLE), dataset_of(a=WHOLE), **wrong)


def test_a_method_that_is_not_known_is_refused() -> None:
    with pytest.raises(BadData, match="comparison_method"):
        checked(
            dataset_of(a=WHOLE),
            dataset_of(a=WHOLE),
            distribution_constraints={"comparison_method": "Magic"},
        )


def test_a_baseline_that_is_malformed_is_refused() -> None:
    with pytest.raises(BadData, match=r"statistics\.json is malformed"):
        baseline.read({"features": [{"inferred_type": "Integral"}]})


def test_a_sketch_that_sagemaker_wrote_is_read_with_its_weights() -> None:
    sketch = {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[1.0, 5.0], [2.0, 3.0]]}
    figures = {"distribution": {"kll": {"buckets": [], "sketch": sketch}}}
    found = baseline.read({"features": [{"name": "a", "numerical_statistics": figures}]})
    assert found.numbers["a"].items.tolist() == [1, 2, 3, 5]
    assert found.numbers["a"].weights.tolist() == [1, 2, 2, 1]


def test_the_distance_is_that_of_the_kolmogorov_smirnov_test() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(size=400), random.normal(0.4, 2, size=300)
    expected = stats.ks_2samp(one, other).statistic
    assert drift.numerical(even(*one), even(*other), robust=False) == pytest.approx(expected)


def test_weights_count_like_repeated_values() -> None:
    heavy = Weighted(np.array([1.0, 2.0]), np.array([3.0, 1.0]))
    assert drift.numerical(heavy, even(1, 1, 1, 2), robust=False) == 0


def test_nothing_to_compare_is_no_distance() -> None:
    assert drift.numerical(even(), even(1), robust=True) is None
    assert drift.categorical({}, {"a": 1}, robust=True) is None
    assert drift.chi_squared({}, {"a": 1}) is None
    assert drift.chi_squared({"a": 5}, {"a": 9}) == 1.0


def test_metrics_tell_of_every_feature() -> None:
    found = metrics.of(dataset_of(a=["1", "3", None], b=["x", "y", "y"]), {"a": 0.25})
    by_name = {value["name"]: value for value in found}
    assert by_name["feature_data_a"] == {
        "name": "feature_data_a",
        "count": 2.0,
        "total": 4.0,
        "minimum": 1.0,
        "maximum": 3.0,
    }
    assert by_name["feature_non_null_a"]["total"] == 2
    assert by_name["feature_null_a"]["total"] == 1
    assert by_name["feature_baseline_drift_a"]["total"] == 0.25
    assert "feature_data_b" not in by_name


def test_a_wide_dataset_has_its_drift_before_all_else() -> None:
    names = [f"c{number}" for number in range(600)]
    dataset = Dataset()
    dataset.add_rows(names, [["1"] * 600])
    found = metrics.of(dataset, dict.fromkeys(names, 0.5))
    assert len(found) == metrics.MOST
    assert all(one["name"].startswith("feature_baseline_drift_") for one in found[:600])
