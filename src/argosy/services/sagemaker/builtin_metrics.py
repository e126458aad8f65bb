"""The metric definitions that SageMaker gives to jobs of its built-in XGBoost algorithm.

Source: developer guide, "Tune an XGBoost Model": metrics computed by the algorithm. A job with a
script of its own, or with definitions of its own, gets none.
"""

from typing import Any

from argosy.runtimes.images import runtime_for

_XGBOOST = "xgboost"
_METRICS = (
    "accuracy",
    "auc",
    "aucpr",
    "error",
    "f1",
    "logloss",
    "mae",
    "map",
    "merror",
    "mlogloss",
    "mse",
    "ndcg",
    "rmse",
)


def with_builtin_metrics(asked: dict[str, Any]) -> dict[str, Any]:
    """AlgorithmSpecification as it is for the job that is asked for."""
    algorithm: dict[str, Any] = asked["AlgorithmSpecification"]
    scripted = "sagemaker_program" in (asked.get("HyperParameters") or {})
    own = algorithm.get("MetricDefinitions") or algorithm.get("ContainerEntrypoint") or scripted
    if own or runtime_for(algorithm["TrainingImage"]) != _XGBOOST:
        return algorithm
    return {**algorithm, "MetricDefinitions": _definitions()}


def _definitions() -> list[dict[str, str]]:
    return [
        {"Name": f"{data}:{metric}", "Regex": rf"\[[0-9]+\].*\s{data}-{metric}:(\S+)"}
        for data in ("train", "validation")
        for metric in _METRICS
    ]
