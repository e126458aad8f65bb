"""What a run tells CloudWatch of each feature. Pure.

Source: the developer guide, "CloudWatch Metrics" of Model Monitor.
"""

from collections.abc import Mapping

from argosy.monitor.analysis import MetricValue
from argosy.monitor.dataset import Dataset

MOST = 1_000
"""Of one run: a wide dataset must not take the place of all other metrics."""


def of(dataset: Dataset, drifts: Mapping[str, float]) -> list[MetricValue]:
    """feature_baseline_drift_… of what was compared, feature_data_… of numbers, feature_non_null_…
    and feature_null_… of all; the first thousand of them."""
    values = [_one(f"feature_baseline_drift_{name}", far) for name, far in drifts.items()]
    for name, column in dataset.columns.items():
        if column.numbers:
            values.append(
                {
                    "name": f"feature_data_{name}",
                    "count": float(column.numbers),
                    "total": column.total,
                    "minimum": column.minimum,
                    "maximum": column.maximum,
                }
            )
        values.append(_one(f"feature_non_null_{name}", column.present))
        values.append(_one(f"feature_null_{name}", dataset.missing(name)))
    return values[:MOST]


def _one(name: str, value: float) -> MetricValue:
    return {
        "name": name,
        "count": 1.0,
        "total": float(value),
        "minimum": float(value),
        "maximum": float(value),
    }
