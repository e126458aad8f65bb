"""A tuning job's request with the values that SageMaker fills in and gives back. Pure.

HyperparameterTuner.attach of the SageMaker SDK reads each of them, and fails where one is missing.
"""

from typing import Any

from argosy.services.members import without_none
from argosy.services.sagemaker.builtin_metrics import with_builtin_metrics
from argosy.state.training_jobs import DEFAULT_RUNTIME_S
from argosy.state.tuning_jobs import OBJECTIVE, objective_of, resources_of

_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
_SCALED = ("IntegerParameterRanges", "ContinuousParameterRanges")
_FLAGS = (
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
)


def filled_config(asked: dict[str, Any]) -> dict[str, Any]:
    """HyperParameterTuningJobConfig."""
    config = without_none(asked["HyperParameterTuningJobConfig"])
    body = {"TrainingJobEarlyStoppingType": "Off", **config}
    if "ParameterRanges" in body:
        body["ParameterRanges"] = _ranges(body["ParameterRanges"])
    return body


def filled_definition(asked: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """One of its definitions of training jobs."""
    metric = objective_of(asked, definition).get("MetricName")
    static = definition.get("StaticHyperParameters") or {}
    body = {
        **dict.fromkeys(_FLAGS, False),
        **without_none(definition),
        **resources_of(definition),
        "StaticHyperParameters": {**static, **({OBJECTIVE: metric} if metric else {})},
        "AlgorithmSpecification": _algorithm(definition, static),
        "StoppingCondition": {
            "MaxRuntimeInSeconds": DEFAULT_RUNTIME_S,
            **without_none(definition.get("StoppingCondition") or {}),
        },
    }
    if "HyperParameterRanges" in body:
        body["HyperParameterRanges"] = _ranges(body["HyperParameterRanges"])
    return body


def _algorithm(definition: dict[str, Any], static: dict[str, str]) -> dict[str, Any]:
    algorithm = with_builtin_metrics({**definition, "HyperParameters": static})
    return {"MetricDefinitions": [], **without_none(algorithm)}


def _ranges(given: dict[str, Any]) -> dict[str, Any]:
    """All three kinds are there, if empty; what is scaled says how."""
    ranges: dict[str, Any] = {
        **without_none(given),
        **{kind: given.get(kind) or [] for kind in _RANGES},
    }
    for kind in _SCALED:
        ranges[kind] = [{"ScalingType": "Auto", **without_none(one)} for one in ranges[kind]]
    return ranges
