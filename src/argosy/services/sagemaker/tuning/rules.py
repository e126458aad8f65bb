"""What a tuning job's members must fulfil together, beyond botocore's model.

Each definition must be one of which a training job can be made: that is checked here, before any
is made.
"""

import importlib.util
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.tuning import BadRanges, grid, parse_ranges
from argosy.services.sagemaker.builtin_metrics import with_builtin_metrics
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.training_rules import check_request
from argosy.state.tuning_jobs import definitions_of, objective_of, ranges_of, training_request

_MOST_JOBS = 500
_SAMPLE = "0" * 8


def check_tuning(asked: dict[str, Any], most_instances: int) -> None:
    """Raises ValidationException, or ResourceLimitExceeded, naming what to change."""
    if bool(asked.get("TrainingJobDefinition")) == bool(asked.get("TrainingJobDefinitions")):
        raise ValidationException("Give TrainingJobDefinition or TrainingJobDefinitions.")
    config = asked["HyperParameterTuningJobConfig"]
    _refuse(asked, config)
    _check_limits(config)
    definitions = definitions_of(asked)
    names = [one.get("DefinitionName") or "" for one in definitions]
    if len(definitions) > 1 and ("" in names or len(set(names)) < len(names)):
        raise ValidationException(
            "Each of TrainingJobDefinitions needs a DefinitionName of its own."
        )
    kinds = set()
    for place, definition in enumerate(definitions):
        kinds.add(_objective(asked, definition)["Type"])
        _check_ranges(asked, definition, config["Strategy"])
        request = training_request(asked, f"tuning-001-{_SAMPLE}", place, {})
        if not request.get("ResourceConfig"):
            raise ValidationException("A definition of training jobs needs a ResourceConfig.")
        refuse_unsupported("CreateTrainingJob", request)
        check_request(request, most_instances)
    if len(kinds) > 1:
        raise ValidationException("The objectives of all definitions must have the same Type.")


def _refuse(asked: dict[str, Any], config: dict[str, Any]) -> None:
    if config["Strategy"] == "Hyperband":
        raise ValidationException(
            "This version does not support the strategy Hyperband: it can do Bayesian, Random "
            "and Grid."
        )
    if config["Strategy"] == "Bayesian" and importlib.util.find_spec("optuna") is None:
        raise ValidationException(
            "The strategy Bayesian needs optuna beside Argosy: pip install 'argosy[tuning]'. "
            "Random and Grid need nothing."
        )
    if config.get("TrainingJobEarlyStoppingType") == "Auto":
        raise ValidationException(
            "This version does not support TrainingJobEarlyStoppingType Auto: give Off."
        )
    if asked.get("Autotune"):
        raise ValidationException("This version does not support Autotune.")
    criteria = config.get("TuningJobCompletionCriteria") or {}
    if (criteria.get("ConvergenceDetected") or {}).get("CompleteOnConvergence") == "Enabled":
        raise ValidationException("This version does not support ConvergenceDetected.")


def _check_limits(config: dict[str, Any]) -> None:
    limits = config["ResourceLimits"]
    most, parallel = limits.get("MaxNumberOfTrainingJobs"), limits["MaxParallelTrainingJobs"]
    if most is not None and parallel > most:
        raise ValidationException(
            f"MaxParallelTrainingJobs ({parallel}) must not be greater than "
            f"MaxNumberOfTrainingJobs ({most})."
        )
    if most is not None and most > _MOST_JOBS:
        raise ValidationException(f"MaxNumberOfTrainingJobs must not be greater than {_MOST_JOBS}.")
    if most is None and config["Strategy"] != "Grid" and not limits.get("MaxRuntimeInSeconds"):
        raise ValidationException(
            "ResourceLimits needs MaxNumberOfTrainingJobs or MaxRuntimeInSeconds."
        )


def _objective(asked: dict[str, Any], definition: dict[str, Any]) -> dict[str, str]:
    objective = objective_of(asked, definition)
    if not objective:
        raise ValidationException(
            "Give HyperParameterTuningJobObjective, or a TuningObjective of the definition."
        )
    _check_metric(definition, objective["MetricName"])
    return objective


def _check_metric(definition: dict[str, Any], metric: str) -> None:
    algorithm = definition["AlgorithmSpecification"]
    if algorithm.get("TrainingImage"):  # where none is named, that is told later
        static = definition.get("StaticHyperParameters") or {}
        algorithm = with_builtin_metrics({**definition, "HyperParameters": static})
    listed = algorithm.get("MetricDefinitions") or []
    if not listed:
        raise ValidationException(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric "
            "in the metric definitions."
        )
    if metric not in [one["Name"] for one in listed]:
        raise ValidationException(
            f"The objective metric {metric} is not among the MetricDefinitions of the definition."
        )


def _check_ranges(asked: dict[str, Any], definition: dict[str, Any], strategy: str) -> None:
    try:
        ranges = parse_ranges(ranges_of(asked, definition))
        if strategy == "Grid":
            grid(ranges)
    except BadRanges as error:
        raise ValidationException(str(error)) from None
    static = definition.get("StaticHyperParameters") or {}
    for one in ranges:
        if one.name in static:
            raise ValidationException(
                f"The hyperparameter {one.name} is in StaticHyperParameters and has a range, too."
            )
