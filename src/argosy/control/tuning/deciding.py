"""What a tuning job does next: how many trials to begin, and whether it is over. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argosy.ground.tuning import grid, parse_ranges
from argosy.state.job_statuses import COMPLETED, FAILED, FINISHED, STOPPED, STOPPING
from argosy.state.tuning_jobs import Trial, definitions_of, maximizes, ranges_of, result_of

DEFAULT_MOST = 500
_LEAST_GAIN = 0.01
"""Less than this part of the best value is no improvement. Source: API reference,
BestObjectiveNotImproving."""
_HOPELESS = 10
"""So many failed trials and not one that completed: the rest would fail too."""

NO_METRIC = (
    "No objective metrics found after running {} training jobs. Please ensure that the custom "
    "algorithm is emitting the objective metric as defined by the regular expression provided."
)
ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures to get more "
    "details."
)


@dataclass(frozen=True)
class Decision:
    """`begin`: how many trials. `end`: status and reason; what runs is stopped first."""

    begin: int = 0
    end: tuple[str, str] | None = None


def decide(asked: dict[str, Any], trials: Sequence[Trial], status: str, age_s: float) -> Decision:
    """age_s: seconds since the tuning job was created."""
    if status == STOPPING:
        return Decision(end=(STOPPED, ""))
    if _hopeless(trials):
        return Decision(end=(FAILED, ALL_FAILED))
    limits = asked["HyperParameterTuningJobConfig"]["ResourceLimits"]
    runtime = limits.get("MaxRuntimeInSeconds")
    if _enough(asked, trials) or (runtime and age_s >= runtime):
        return Decision(end=ended(trials))
    running = [one for one in trials if one["status"] not in FINISHED]
    left = most_trials(asked) - len(trials)
    if left <= 0:
        return Decision() if running else Decision(end=ended(trials))
    return Decision(begin=max(0, min(left, limits["MaxParallelTrainingJobs"] - len(running))))


def most_trials(asked: dict[str, Any]) -> int:
    """How many training jobs there will be at most."""
    config = asked["HyperParameterTuningJobConfig"]
    most = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if config["Strategy"] == "Grid":
        definitions = definitions_of(asked)
        points = sum(len(grid(parse_ranges(ranges_of(asked, one)))) for one in definitions)
        return min(points, most or points)
    return most or DEFAULT_MOST


def ended(trials: Sequence[Trial]) -> tuple[str, str]:
    """Status and reason of a tuning job that has run to its end."""
    completed = [one for one in trials if one["status"] == COMPLETED]
    if trials and all(one["status"] == FAILED for one in trials):
        return FAILED, ALL_FAILED
    if completed and all(one["value"] is None for one in completed):
        return FAILED, NO_METRIC.format(len(completed))
    return COMPLETED, ""


def _hopeless(trials: Sequence[Trial]) -> bool:
    over = [one for one in trials if one["status"] in FINISHED]
    return len(over) >= _HOPELESS and all(one["status"] == FAILED for one in over)


def _enough(asked: dict[str, Any], trials: Sequence[Trial]) -> bool:
    """A criterion of completion is met, by trials that have come to their end: one that is still
    running would be stopped by its own success."""
    criteria = asked["HyperParameterTuningJobConfig"].get("TuningJobCompletionCriteria") or {}
    sign = 1.0 if maximizes(asked) else -1.0
    values = [sign * value for one in trials if (value := result_of(one)) is not None]
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None and values and max(values) >= sign * target:
        return True
    patience = (criteria.get("BestObjectiveNotImproving") or {}).get(
        "MaxNumberOfTrainingJobsNotImproving"
    )
    return patience is not None and not_improving(values) >= patience


def not_improving(values: Sequence[float]) -> int:
    """How many came after the last one that was better than all before it, by 1 % or more."""
    last, best = 0, values[0] if values else 0.0
    for place, value in enumerate(values):
        if value > best and value - best >= _LEAST_GAIN * abs(best):
            last = place
        best = max(best, value)
    return len(values) - 1 - last if values else 0
