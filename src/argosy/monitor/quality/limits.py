"""constraints.json and violations of model quality. Pure.

Source: the developer guide on model quality constraints: a threshold and a comparison operator for
each figure; a figure beyond it is a violation.
"""

import operator
from typing import Any

from argosy.monitor.analysis import BadData
from argosy.monitor.quality.figures import SECTIONS

BELOW = "LessThanThreshold"
ABOVE = "GreaterThanThreshold"

_ERRORS = ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate")
_UNLIMITED = "_best_constant_classifier"
_OPERATORS = {BELOW: operator.lt, ABOVE: operator.gt}


def suggest(problem: str, figures: dict[str, Any]) -> dict[str, Any]:
    """The content of constraints.json: to be no worse than these figures."""
    return {
        "version": 0.0,
        f"{SECTIONS[problem]}_constraints": {
            name: {
                "threshold": one["value"],
                "comparison_operator": ABOVE if name in _ERRORS else BELOW,
            }
            for name, one in figures.items()
            if "value" in one and not name.endswith(_UNLIMITED)
        },
    }


def check(
    problem: str, figures: dict[str, Any], constraints: dict[str, Any]
) -> list[dict[str, str]]:
    """The violations. Raises BadData for constraints that cannot be read."""
    limits = constraints.get(f"{SECTIONS[problem]}_constraints")
    if not isinstance(limits, dict):
        raise BadData(f"constraints.json has no {SECTIONS[problem]}_constraints.")
    found = (_check(name, figures.get(name), limit) for name, limit in limits.items())
    return [one for one in found if one]


def _check(name: str, figure: Any, limit: Any) -> dict[str, str] | None:
    try:
        threshold, comparison = float(limit["threshold"]), limit["comparison_operator"]
        beyond = _OPERATORS[comparison]
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"The constraint of {name} is malformed: {error!r}") from error
    if not isinstance(figure, dict) or "value" not in figure:
        return None
    value, spread = figure["value"], figure["standard_deviation"]
    if not beyond(value, threshold):
        return None
    return {
        "constraint_check_type": comparison,
        "description": f"Metric {name} with {value} +/- {spread} was {comparison} '{threshold}'",
        "metric_name": name,
    }
