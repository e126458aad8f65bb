"""How good predictions are, in numbers. Pure; the figures are scikit-learn's.

Source: the developer guide, "Model quality metrics" of Model Monitor: which figures, their names,
and that a standard deviation is that of five samples of 80 %, from 200 rows on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from argosy.monitor.analysis import BadData

BINARY = "BinaryClassification"
MULTICLASS = "MulticlassClassification"
REGRESSION = "Regression"

SECTIONS = {
    BINARY: "binary_classification",
    MULTICLASS: "multiclass_classification",
    REGRESSION: "regression",
}
"""Problem → how the members of statistics.json (…_metrics) and constraints.json (…_constraints)
are called."""

_ENOUGH = 200
_SAMPLES, _SHARE = 5, 0.8
_MOST_POINTS = 200
_BEST_CONSTANT = "_best_constant_classifier"
_MOST_CLASSES = 1_000

Array = NDArray[Any]
Figures = dict[str, float]


def of(problem: str, truth: Array, predicted: Array, scores: Array | None) -> dict[str, Any]:
    """The …_metrics of statistics.json.

    truth, predicted: one value a row; text for classes, numbers for regression.
    scores: of the positive class, for binary classification; None without probabilities.
    Raises BadData.
    """
    compute = {BINARY: _binary, MULTICLASS: _multiclass, REGRESSION: _regression}[problem]
    figures = compute(truth, predicted, scores)
    spread = _spread(lambda rows: compute(truth[rows], predicted[rows], _at(scores, rows)), truth)
    body: dict[str, Any] = {
        name: {"value": value, "standard_deviation": spread.get(name, "NaN")}
        for name, value in figures.items()
    }
    if problem != REGRESSION:
        body = {"confusion_matrix": _confusion(truth, predicted), **body}
    return body | (_curves(truth, scores) if problem == BINARY and scores is not None else {})


def positive_of(truth: Array, predicted: Array) -> str:
    """The class that counts as positive: "1" or "true" where there is one, else the later by name.

    Raises BadData when there are more than two.
    """
    classes = sorted({*truth.tolist(), *predicted.tolist()})
    if len(classes) > 2:
        raise BadData(
            f"{BINARY} needs two classes; there are {len(classes)}: {', '.join(classes[:5])}, …"
        )
    known = [one for one in ("1", "true", "True") if one in classes]
    return known[0] if known else classes[-1]


def _binary(truth: Array, predicted: Array, scores: Array | None) -> Figures:
    positive = positive_of(truth, predicted)
    actual, said = truth == positive, predicted == positive
    figures = _rates(actual, said)
    constant = np.full(len(actual), actual.mean() >= 0.5)
    for name, value in _rates(actual, constant).items():
        if name in ("recall", "precision", "accuracy", "f0_5", "f1", "f2"):
            figures[name + _BEST_CONSTANT] = value
    if scores is not None and 0 < actual.sum() < len(actual):
        figures["auc"] = float(metrics.roc_auc_score(actual, scores))
    return figures


def _rates(actual: Array, said: Array) -> Figures:
    recall = metrics.recall_score(actual, said, zero_division=0)
    negatives = metrics.recall_score(~actual, ~said, zero_division=0)
    return {
        "recall": float(recall),
        "precision": float(metrics.precision_score(actual, said, zero_division=0)),
        "accuracy": float(metrics.accuracy_score(actual, said)),
        "true_positive_rate": float(recall),
        "true_negative_rate": float(negatives),
        "false_positive_rate": 1.0 - float(negatives) if (~actual).any() else 0.0,
        "false_negative_rate": 1.0 - float(recall) if actual.any() else 0.0,
        **{
            name: float(metrics.fbeta_score(actual, said, beta=beta, zero_division=0))
            for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
        },
    }


def _multiclass(truth: Array, predicted: Array, scores: Array | None) -> Figures:
    del scores
    figures = _weighted(truth, predicted)
    values, counts = np.unique(truth, return_counts=True)
    constant = np.full(len(truth), values[counts.argmax()])
    best = {name + _BEST_CONSTANT: value for name, value in _weighted(truth, constant).items()}
    return figures | best


def _weighted(truth: Array, predicted: Array) -> Figures:
    options: dict[str, Any] = {"average": "weighted", "zero_division": 0}
    return {
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "weighted_recall": float(metrics.recall_score(truth, predicted, **options)),
        "weighted_precision": float(metrics.precision_score(truth, predicted, **options)),
        **{
            f"weighted_{name}": float(metrics.fbeta_score(truth, predicted, beta=beta, **options))
            for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
        },
    }


def _regression(truth: Array, predicted: Array, scores: Array | None) -> Figures:
    del scores
    mse = float(metrics.mean_squared_error(truth, predicted))
    figures = {
        "mae": float(metrics.mean_absolute_error(truth, predicted)),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
    }
    if len(truth) > 1:
        figures["r2"] = float(metrics.r2_score(truth, predicted))
    return figures


def _confusion(truth: Array, predicted: Array) -> dict[str, dict[str, int]]:
    """Actual class → predicted class → rows."""
    classes = sorted({*truth.tolist(), *predicted.tolist()})
    if len(classes) > _MOST_CLASSES:
        raise BadData(f"There are more than {_MOST_CLASSES} classes; is this a regression?")
    counts = metrics.confusion_matrix(truth, predicted, labels=classes)
    return {
        actual: dict(zip(classes, map(int, row), strict=True))
        for actual, row in zip(classes, counts, strict=True)
    }


def _curves(truth: Array, scores: Array) -> dict[str, Any]:
    """Points of the two curves, thinned out."""
    positive = positive_of(truth, truth)
    actual = truth == positive
    if not 0 < actual.sum() < len(actual):
        return {}
    false_rates, true_rates, _ = metrics.roc_curve(actual, scores)
    precisions, recalls, _ = metrics.precision_recall_curve(actual, scores)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": _thin(false_rates),
            "true_positive_rates": _thin(true_rates),
        },
        "precision_recall_curve": {"precisions": _thin(precisions), "recalls": _thin(recalls)},
    }


def _thin(points: Array) -> list[float]:
    kept = np.unique(np.linspace(0, len(points) - 1, _MOST_POINTS).astype(int))
    return [float(point) for point in points[kept]]


def _spread(compute: Callable[[Array], Figures], truth: Array) -> Figures:
    """Standard deviations over samples, always the same ones; {} for few rows."""
    rows = len(truth)
    if rows < _ENOUGH:
        return {}
    random = np.random.default_rng(rows)
    found = [
        compute(random.choice(rows, int(rows * _SHARE), replace=False)) for _ in range(_SAMPLES)
    ]
    names = set.intersection(*(set(one) for one in found))
    return {name: float(np.std([one[name] for one in found])) for name in names}


def _at(scores: Array | None, rows: Array) -> Array | None:
    return None if scores is None else scores[rows]
