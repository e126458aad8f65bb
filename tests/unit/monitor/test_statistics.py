"""statistics.json and constraints.json against figures computed by hand."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.monitor import constraints, csv_rows, json_rows, sketches, statistics
from argosy.monitor.analysis import BadData
from argosy.monitor.dataset import Dataset
from argosy.monitor.rows import Grouped


def from_csv(text: str, *, header: bool = True) -> Dataset:
    dataset = Dataset()
    rows = Grouped(dataset)
    csv_rows.read(text.splitlines(keepends=True), dataset, rows, header=header)
    rows.flush()
    return dataset


def features(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {feature["name"]: feature for feature in content["features"]}


def column_of(*values: str | None) -> Dataset:
    dataset = Dataset()
    dataset.add_rows(["a"], [[value] for value in values])
    return dataset


def test_numbers_are_described_as_computed_by_hand() -> None:
    content = statistics.of(from_csv("a\n1\n2\n3\n\n6\n"))
    assert content["dataset"] == {"item_count": 4}
    figures = features(content)["a"]["numerical_statistics"]
    assert figures["common"] == {"num_present": 4, "num_missing": 0}
    assert (figures["mean"], figures["sum"], figures["min"], figures["max"]) == (3, 12, 1, 6)
    assert figures["std_dev"] == pytest.approx(3.5**0.5)


def test_the_distribution_has_ten_buckets_of_one_width_and_the_sketch_of_all_values() -> None:
    dataset = column_of(*map(str, range(11)))
    kll = features(statistics.of(dataset))["a"]["numerical_statistics"]["distribution"]["kll"]
    assert [bucket["count"] for bucket in kll["buckets"]] == [1.0] * 9 + [2.0]
    assert kll["buckets"][3] == {"lower_bound": 3.0, "upper_bound": 4.0, "count": 1.0}
    assert kll["sketch"]["parameters"]["k"] == 2048.0
    assert kll["sketch"]["data"] == [[float(number) for number in range(11)]]


def test_a_sketch_of_many_values_is_small_and_comes_back_as_it_was() -> None:
    dataset = Dataset()
    values = np.random.default_rng(1).normal(size=(40, 5_000))
    for part in values:
        dataset.add_rows(["a"], [[repr(float(value))] for value in part])
    content = statistics.of(dataset)
    distribution = features(content)["a"]["numerical_statistics"]["distribution"]
    sample = sketches.from_json(distribution)
    assert sample.weights.sum() == values.size
    assert len(sample.items) < 10_000
    middle = np.searchsorted(np.cumsum(sample.weights), values.size / 2)
    assert sample.items[middle] == pytest.approx(float(np.median(values)), abs=0.02)
    assert features(content)["a"]["numerical_statistics"]["std_dev"] == pytest.approx(values.std())


def test_text_is_counted_by_value() -> None:
    texts = features(statistics.of(column_of("red", "blue", "red", None)))["a"]
    assert texts["inferred_type"] == "String"
    assert texts["string_statistics"] == {
        "common": {"num_present": 3, "num_missing": 1},
        "distinct_count": 2,
        "distribution": {
            "categorical": {
                "buckets": [{"value": "red", "count": 2}, {"value": "blue", "count": 1}]
            }
        },
    }


def test_text_of_many_values_has_about_their_number_and_no_buckets() -> None:
    dataset = column_of(*(f"id-{number}" for number in range(5_000)))
    texts = features(statistics.of(dataset))["a"]["string_statistics"]
    assert "distribution" not in texts
    assert texts["distinct_count"] == pytest.approx(5_000, rel=0.05)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (("1", "-2", "+3"), "Integral"),
        (("1", "2.0"), "Fractional"),
        (("1e3", ".5", "5."), "Fractional"),
        (("1", "two"), "String"),
        (("true", "false"), "String"),
        (("inf",), "String"),
        (("1e999",), "String"),
        (("1,5",), "String"),
        ((" 7 ",), "Integral"),
        (("", None, "NaN", "null"), "Unknown"),
        (("", "4"), "Integral"),
        (("0x1F",), "String"),
        (("NA",), "String"),
    ],
)
def test_the_type_of_a_column_is_that_of_its_values(
    values: tuple[str | None, ...], kind: str
) -> None:
    assert features(statistics.of(column_of(*values)))["a"]["inferred_type"] == kind


def test_constraints_are_what_the_baseline_was_like() -> None:
    dataset = Dataset()
    rows = [
        ["1", "-0.5", "red", None, "u1"],
        ["2", "1.5", "blue", "1", "u2"],
        ["3", "0.5", "red", None, "u3"],
        ["4", "2.5", "blue", "1", "u4"],
    ]
    dataset.add_rows(["count", "level", "colour", "gap", "user"], rows)
    found = features(constraints.suggest(dataset))
    assert found["count"] == {
        "name": "count",
        "inferred_type": "Integral",
        "completeness": 1.0,
        "num_constraints": {"is_non_negative": True},
    }
    assert found["level"]["num_constraints"] == {"is_non_negative": False}
    assert found["colour"]["string_constraints"] == {"domains": ["blue", "red"]}
    assert found["gap"]["completeness"] == 0.5
    assert "string_constraints" not in found["user"]


def test_the_suggested_rules_are_those_that_sagemaker_suggests() -> None:
    config = constraints.suggest(column_of("1"), "ChiSquared")["monitoring_config"]
    assert config == {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.1,
            "comparison_method": "Robust",
            "categorical_comparison_threshold": 0.1,
            "categorical_drift_method": "ChiSquared",
        },
    }


def test_a_short_row_lacks_its_last_columns_and_a_long_one_has_more() -> None:
    dataset = from_csv("a,b\n1,2\n3\n4,5,6\n")
    assert list(dataset.columns) == ["a", "b", "_c2"]
    assert [dataset.missing(name) for name in dataset.columns] == [0, 1, 2]


def test_columns_without_a_name_of_their_own_are_named_by_their_place() -> None:
    assert list(from_csv("a,,a\n1,2,3\n").columns) == ["a", "_c1", "_c2"]
    assert list(from_csv("1,2\n", header=False).columns) == ["_c0", "_c1"]


def test_quoted_values_hold_commas_and_line_ends() -> None:
    dataset = from_csv('a,b\n"x,y","one\ntwo"\n')
    assert dataset.rows == 1
    assert dataset.columns["b"].categories == {"one\ntwo": 1}


def test_json_is_laid_flat() -> None:
    dataset = Dataset()
    rows = Grouped(dataset)
    lines = ['{"a": 1, "b": {"c": 2.5, "d": [true, null]}}', "", "no json", "[7]"]
    json_rows.read_lines(lines, dataset, rows)
    rows.flush()
    assert list(dataset.columns) == ["a", "b.c", "b.d.0", "b.d.1", "_c0"]
    assert dataset.columns["b.d.0"].categories == {"true": 1}
    assert (dataset.rows, dataset.skipped) == (2, 1)


def test_halves_of_characters_are_replaced_by_something_that_can_be_written() -> None:
    dataset = Dataset()
    rows = Grouped(dataset)
    json_rows.read_lines(['{"a\\ud800": "\\udfff"}', '{"b\\u0000": "x"}'], dataset, rows)
    rows.flush()
    assert list(dataset.columns) == ["a?", "b\ufffd"]
    assert dataset.columns["a?"].categories == {"?": 1}
    json.dumps(statistics.of(dataset)).encode()


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(BadData, match="more than 5000 columns"):
        Dataset().add_rows([f"c{n}" for n in range(5001)], [["1"] * 5001])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1)


@given(NUMBERS, st.integers(1, 20))
def test_moments_do_not_depend_on_how_the_rows_are_cut(values: list[float], size: int) -> None:
    dataset = Dataset()
    for start in range(0, len(values), size):
        dataset.add_rows(["a"], [[repr(value)] for value in values[start : start + size]])
    column = dataset.columns["a"]
    scale = max(map(abs, values)) or 1.0
    assert column.mean == pytest.approx(float(np.mean(values)), abs=scale * 1e-9)
    assert column.deviation == pytest.approx(float(np.std(values)), abs=scale * 1e-6)
    assert column.sample.items.tolist() == sorted(values)


@given(st.text(alphabet=st.sampled_from('ab1,."\n\r\0 é-'), max_size=200), st.booleans())
def test_any_text_is_some_csv(text: str, header: bool) -> None:
    dataset = from_csv(text, header=header)
    content = statistics.of(dataset)
    for feature in content["features"]:
        figures = feature.get("numerical_statistics") or feature.get("string_statistics")
        if figures:
            assert sum(figures["common"].values()) == dataset.rows
    assert constraints.suggest(dataset)["version"] == 0.0


@given(st.lists(JSON, max_size=6))
def test_any_lines_of_json_are_rows(values: list[Any]) -> None:
    dataset = Dataset()
    rows = Grouped(dataset)
    json_rows.read_lines(map(json.dumps, values), dataset, rows)
    rows.flush()
    assert dataset.rows + dataset.skipped == len(values)
    json.dumps(statistics.of(dataset), allow_nan=False)
