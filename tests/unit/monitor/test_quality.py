"""Model quality: figures by hand, limits, and answers joined with the truth."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.support.tiny_store import TinyStore, tiny_store

from argosy.monitor.analysis import Analysis, Attributes, BadData
from argosy.monitor.quality import figures, limits, pairs
from argosy.monitor.quality.running import run
from argosy.objects.client import ObjectStore

TRUTH = np.array(list("1110000000"))
SAID = np.array(list("1101000000"))


def values(measured: dict[str, Any]) -> dict[str, float]:
    return {name: one["value"] for name, one in measured.items() if "value" in one}


def test_binary_figures_are_as_counted_by_hand() -> None:
    measured = figures.of(figures.BINARY, TRUTH, SAID, None)
    assert measured["confusion_matrix"] == {"0": {"0": 6, "1": 1}, "1": {"0": 1, "1": 2}}
    found = values(measured)
    assert found["accuracy"] == 0.8
    assert found["recall"] == found["precision"] == found["f1"] == pytest.approx(2 / 3)
    assert found["false_positive_rate"] == pytest.approx(1 / 7)
    assert found["false_negative_rate"] == pytest.approx(1 / 3)
    assert found["true_negative_rate"] == pytest.approx(6 / 7)
    assert found["accuracy_best_constant_classifier"] == 0.7
    assert found["recall_best_constant_classifier"] == 0
    assert "auc" not in found
    assert measured["recall"]["standard_deviation"] == "NaN"


def test_scores_give_an_area_and_curves() -> None:
    scores = np.array([0.9, 0.8, 0.4, 0.7, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1])
    measured = figures.of(figures.BINARY, TRUTH, SAID, scores)
    assert measured["auc"]["value"] == pytest.approx(20 / 21)
    curve = measured["receiver_operating_characteristic_curve"]
    assert (curve["true_positive_rates"][0], curve["true_positive_rates"][-1]) == (0, 1)


def test_more_than_two_classes_are_not_binary() -> None:
    with pytest.raises(BadData, match="needs two classes"):
        figures.of(figures.BINARY, np.array(list("012")), np.array(list("012")), None)


def test_multiclass_figures_are_weighted_by_class() -> None:
    truth, said = np.array(list("aabbbc")), np.array(list("abbbbc"))
    measured = figures.of(figures.MULTICLASS, truth, said, None)
    found = values(measured)
    assert found["accuracy"] == found["weighted_recall"] == pytest.approx(5 / 6)
    assert found["weighted_precision"] == pytest.approx((2 * 1 + 3 * 0.75 + 1) / 6)
    assert found["accuracy_best_constant_classifier"] == 0.5
    assert measured["confusion_matrix"]["a"] == {"a": 1, "b": 1, "c": 0}


def test_regression_figures_are_errors() -> None:
    measured = figures.of(
        figures.REGRESSION, np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 6]), None
    )
    found = values(measured)
    assert (found["mae"], found["mse"], found["rmse"]) == (0.5, 1.0, 1.0)
    assert found["r2"] == pytest.approx(1 - 4 / 5)


def test_from_two_hundred_rows_on_figures_have_a_deviation() -> None:
    random = np.random.default_rng(2)
    truth, said = random.normal(size=300), random.normal(size=300)
    spread = figures.of(figures.REGRESSION, truth, said, None)["mae"]["standard_deviation"]
    assert 0 < spread < 0.2


def test_limits_are_to_be_no_worse() -> None:
    measured = figures.of(figures.BINARY, TRUTH, SAID, None)
    suggested = limits.suggest(figures.BINARY, measured)["binary_classification_constraints"]
    assert suggested["accuracy"] == {"threshold": 0.8, "comparison_operator": "LessThanThreshold"}
    assert suggested["false_positive_rate"]["comparison_operator"] == "GreaterThanThreshold"
    assert "accuracy_best_constant_classifier" not in suggested
    constraints = limits.suggest(figures.BINARY, measured)
    assert limits.check(figures.BINARY, measured, constraints) == []
    worse = figures.of(figures.BINARY, TRUTH, np.array(list("0001000000")), None)
    found = limits.check(figures.BINARY, worse, constraints)
    assert {one["metric_name"] for one in found} >= {"accuracy", "recall", "precision"}
    (one,) = [one for one in found if one["metric_name"] == "accuracy"]
    assert one["constraint_check_type"] == "LessThanThreshold"
    assert one["description"] == ("Metric accuracy with 0.6 +/- NaN was LessThanThreshold '0.8'")


@pytest.mark.parametrize(
    "constraints", [{}, {"regression_constraints": {"mae": {"threshold": "x"}}}]
)
def test_constraints_that_cannot_be_read_are_refused(constraints: dict[str, Any]) -> None:
    with pytest.raises(BadData):
        limits.check(figures.REGRESSION, {}, constraints)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("0", "0.9"),
        ("_c1", "yes"),
        ("label", "named"),
        ("predictions[0].label", "named"),
        ("$.label", "named"),
        ("7", None),
        ("other", None),
        ("", None),
    ],
)
def test_an_attribute_is_a_name_or_a_place(attribute: str, expected: str | None) -> None:
    row: pairs.Row = [(None, "0.9"), (None, "yes"), ("label", "named")]
    assert pairs.picked(row, attribute) == expected


def attributes(problem: str = figures.BINARY, **given: Any) -> Attributes:
    blank = {"inference": "", "probability": "", "threshold": 0.5, "truth": ""}
    return {"problem": problem, **blank, **given}  # type: ignore[typeddict-item, return-value]


@pytest.fixture
def tiny() -> Iterator[TinyStore]:
    with tiny_store() as store:
        yield store


def analysed(tiny: TinyStore, quality: Attributes, **changes: Any) -> tuple[Any, list[str]]:
    """The result, and what was told."""
    asked: Analysis = {
        "sources": ["s3://b/data"],
        "format": {"csv": {"header": True}},
        "statistics": "",
        "constraints": "",
        "output": "s3://b/out",
        "start": None,
        "end": None,
        "exclude": [],
        "drift_method": "",
        "quality": quality,
        "ground_truth": [],
        "memory_mb": 0,
        **changes,  # type: ignore[typeddict-item]
    }
    store, told = ObjectStore(tiny.access), list[str]()
    try:
        return run(store, asked, quality, told.append), told
    finally:
        store.close()


def test_a_baseline_is_a_table_with_prediction_and_truth(tiny: TinyStore) -> None:
    lines = ["score,label", "0.9,1", "0.2,0", "0.7,0", "0.4,1.0", ",1"]
    tiny.put("b/data/table.csv", "\n".join(lines).encode())
    quality = attributes(probability="score", truth="label", threshold=0.5)
    result, _ = analysed(tiny, quality)
    assert (result["rows"], result["skipped"]) == (4, 1)
    metrics = json.loads(tiny.objects["b/out/statistics.json"])["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}
    assert metrics["auc"]["value"] == 0.75
    assert "b/out/constraint_violations.json" not in tiny.objects


def captured(event: str, answer: str, inference: str = "") -> dict[str, Any]:
    meta = {"eventId": event, **({"inferenceId": inference} if inference else {})}
    output = {"data": answer, "encoding": "CSV"}
    return {"captureData": {"endpointOutput": output}, "eventMetadata": meta}


def truth(event: str, value: str) -> dict[str, Any]:
    return {
        "groundTruthData": {"data": value, "encoding": "CSV"},
        "eventMetadata": {"eventId": event},
        "eventVersion": "0",
    }


def lines(*records: Any) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def test_captured_answers_are_joined_with_the_truth(tiny: TinyStore) -> None:
    tiny.put(
        "b/data/one.jsonl",
        lines(
            captured("e1", "1.5"),
            captured("e2", "2.5", inference="mine"),
            captured("e3", "3\n4"),
            captured("e4", "9"),
        ),
    )
    tiny.put(
        "b/truth/2026/03/04/14/t.jsonl",
        lines(truth("e1", "1"), truth("mine", "2"), truth("e3", "3\n5"), truth("e9", "1"), {}),
    )
    quality = attributes(figures.REGRESSION, inference="0")
    tiny.put(
        "b/limits.json",
        lines(
            {
                "regression_constraints": {
                    "mae": {"threshold": 0.4, "comparison_operator": "GreaterThanThreshold"}
                }
            }
        ),
    )
    result, told = analysed(
        tiny,
        quality,
        format={"sagemakerCaptureJson": {}},
        ground_truth=["s3://b/truth"],
        constraints="s3://b/limits.json",
    )
    assert (result["rows"], result["skipped"], result["violations"]) == (4, 2, 1)
    assert {one["name"]: one["total"] for one in result["metrics"]}["mae"] == 0.5
    assert math.isclose(
        json.loads(tiny.objects["b/out/statistics.json"])["regression_metrics"]["mse"]["value"],
        1.5 / 4,
    )
    assert told[-1] == "Metric mae with 0.5 +/- NaN was GreaterThanThreshold '0.4'"


def test_answers_without_any_truth_are_no_result(tiny: TinyStore) -> None:
    tiny.put("b/data/one.jsonl", lines(captured("e1", "1")))
    tiny.put("b/truth/t.jsonl", lines(truth("other", "1")))
    with pytest.raises(BadData, match="no prediction has a ground truth"):
        analysed(
            tiny,
            attributes(inference="0"),
            format={"sagemakerCaptureJson": {}},
            ground_truth=["s3://b/truth"],
        )
