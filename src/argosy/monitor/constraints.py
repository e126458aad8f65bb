"""constraints.json: what later data should be like, suggested from a baseline; and read again.

Pure. Source: the developer guide, "Schema for Constraints (constraints.json file)".
"""

from dataclasses import dataclass
from typing import Any

from argosy.monitor.analysis import BadData
from argosy.monitor.column import STRING, UNKNOWN, Column
from argosy.monitor.dataset import Dataset

ENABLED = "Enabled"
LINFINITY = "LInfinity"
CHI_SQUARED = "ChiSquared"

_REPEATED = 2
"""A category is seen this often on average, else the column is one of names or ids."""
_OVERRIDES = ("monitoringConfigOverrides", "monitoring_config_overrides")


def suggest(dataset: Dataset, drift_method: str = "") -> dict[str, Any]:
    """The content of constraints.json for data like this dataset."""
    features = [
        _feature(name, column, dataset.completeness(name))
        for name, column in dataset.columns.items()
    ]
    return {
        "version": 0.0,
        "features": features,
        "monitoring_config": {
            "evaluate_constraints": ENABLED,
            "emit_metrics": ENABLED,
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": ENABLED,
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": 0.1,
                "categorical_drift_method": drift_method or LINFINITY,
            },
        },
    }


def _feature(name: str, column: Column, completeness: float) -> dict[str, Any]:
    kind = column.inferred_type
    feature: dict[str, Any] = {"name": name, "inferred_type": kind, "completeness": completeness}
    if kind == STRING:
        categories = column.categories
        if categories and len(categories) * _REPEATED <= column.present:
            feature["string_constraints"] = {"domains": sorted(categories)}
    elif kind != UNKNOWN:
        feature["num_constraints"] = {"is_non_negative": column.negative == 0}
    return feature


@dataclass(frozen=True)
class Rules:
    """The monitoring_config that holds for one feature: the file's, with the feature's own over it.

    Thresholds are shares: `datatype` and `domain` what must be as expected, `drift` the distance
    that is still none.
    """

    evaluate: bool
    emit: bool
    datatype: float
    domain: float
    compare: bool
    drift: float
    robust: bool
    categorical_drift: float
    categorical_method: str


def rules_for(constraints: dict[str, Any], feature: dict[str, Any] | None = None) -> Rules:
    """Raises BadData for a value that means nothing."""
    config = dict(constraints.get("monitoring_config") or {})
    overrides = _overrides(feature or {})
    distribution = {
        **(config.get("distribution_constraints") or {}),
        **(overrides.get("distribution_constraints") or {}),
    }
    config |= overrides
    threshold = _number(distribution, "comparison_threshold", 0.1)
    return Rules(
        evaluate=config.get("evaluate_constraints", ENABLED) == ENABLED,
        emit=config.get("emit_metrics", ENABLED) == ENABLED,
        datatype=_number(config, "datatype_check_threshold", 1.0),
        domain=_number(config, "domain_content_threshold", 1.0),
        compare=distribution.get("perform_comparison", ENABLED) == ENABLED,
        drift=threshold,
        robust=_is_robust(distribution.get("comparison_method") or "Robust"),
        categorical_drift=_number(distribution, "categorical_comparison_threshold", threshold),
        categorical_method=_method(distribution.get("categorical_drift_method") or LINFINITY),
    )


def _overrides(feature: dict[str, Any]) -> dict[str, Any]:
    for name in _OVERRIDES:
        if feature.get(name):
            return dict(feature[name])
    return {}


def _number(values: dict[str, Any], name: str, default: float) -> float:
    value = values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadData(f"constraints.json: {name} is {value!r}, not a number.")
    return float(value)


def _is_robust(method: str) -> bool:
    """Both the guide's and the container's names for the methods."""
    name = method.lower().removeprefix("linf_")
    if name not in ("robust", "simple"):
        raise BadData(f"constraints.json: comparison_method is {method!r}: give Robust or Simple.")
    return name == "robust"


def _method(method: str) -> str:
    if method not in (LINFINITY, CHI_SQUARED):
        raise BadData(
            f"constraints.json: categorical_drift_method is {method!r}: give {LINFINITY} or "
            f"{CHI_SQUARED}."
        )
    return method
