"""SAGEMAKER_INFERENCE_OUTPUT: which values an XGBoost model answers for each row.

Pure: names and predictions in, objects out. What a model's objective does not give is nan, as
Amazon's container has it. Source: reference/container-contract.md §4;
aws/sagemaker-xgboost-container, algorithm_mode/serve_utils.py, for the values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_PROBABILITIES = ("binary:logistic", "multi:softprob")
_CLASSES = (*_PROBABILITIES, "binary:logitraw", "binary:hinge", "multi:softmax")
_REGRESSION = (
    "reg:squarederror",
    "reg:logistic",
    "reg:gamma",
    "reg:absoluteerror",
    "reg:tweedie",
)


def _label(objective: str, raw: Any) -> Any:
    if objective == "multi:softprob":
        return int(raw.argmax())
    if objective == "binary:logistic":
        return int(raw > 0.5)
    return int(raw > 0) if objective == "binary:logitraw" else raw.item()


def _score(objective: str, raw: Any) -> float:
    return float(raw.max() if objective == "multi:softprob" else raw)


def _scores(objective: str, raw: Any) -> list[float]:
    return raw.tolist() if objective == "multi:softprob" else [1.0 - float(raw), float(raw)]


_VALUES: dict[str, tuple[Sequence[str], Callable[[str, Any], Any]]] = {
    "predicted_label": (_CLASSES, _label),
    "probability": (_PROBABILITIES, _score),
    "probabilities": (_PROBABILITIES, _scores),
    "raw_score": (_CLASSES, _score),
    "raw_scores": (_CLASSES, _scores),
    "predicted_score": (_REGRESSION, _score),
}

KEYS = ("labels", *_VALUES)
"""All that can be asked for."""


def asked(text: str) -> list[str]:
    """The keys that the variable's value names."""
    return [key for key in text.replace(" ", "").lower().split(",") if key]


def supports(objective: str) -> bool:
    """Whether anything can be selected of a model trained for this."""
    return objective in _CLASSES or objective in _REGRESSION


def select(
    predictions: Any, keys: Sequence[str], objective: str, classes: int
) -> list[dict[str, Any]]:
    """One object per row with the values of `keys`, in their order.

    `predictions` is an array of rows (of `multi:softprob`: rows × classes).
    """
    return [{key: _value(key, objective, classes, raw) for key in keys} for raw in predictions]


def _value(key: str, objective: str, classes: int, raw: Any) -> Any:
    if key == "labels" and objective in _CLASSES:
        return list(range(classes if objective.startswith("multi:") else 2))
    objectives, value = _VALUES.get(key, ((), _score))
    return value(objective, raw) if objective in objectives else float("nan")
