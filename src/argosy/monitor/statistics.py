"""statistics.json: a dataset in numbers. Pure.

Source: the developer guide, "Schema for Statistics (statistics.json file)".
"""

import math
from typing import Any

from argosy.monitor import sketches
from argosy.monitor.column import STRING, UNKNOWN, Column
from argosy.monitor.dataset import Dataset


def of(dataset: Dataset) -> dict[str, Any]:
    """The content of statistics.json."""
    features = [
        _feature(name, column, dataset.missing(name)) for name, column in dataset.columns.items()
    ]
    return {"version": 0.0, "dataset": {"item_count": dataset.rows}, "features": features}


def _feature(name: str, column: Column, missing: int) -> dict[str, Any]:
    kind = column.inferred_type
    feature: dict[str, Any] = {"name": name, "inferred_type": kind}
    common = {"num_present": column.present, "num_missing": missing}
    if kind == STRING:
        feature["string_statistics"] = {"common": common, **_texts(column)}
    elif kind != UNKNOWN:
        feature["numerical_statistics"] = {"common": common, **_numbers(column)}
    return feature


def _numbers(column: Column) -> dict[str, Any]:
    """A figure too large for a double is left out: JSON has no infinity."""
    figures = {
        "mean": column.mean,
        "sum": column.total,
        "std_dev": column.deviation,
        "min": column.minimum,
        "max": column.maximum,
    }
    kept = {name: value for name, value in figures.items() if math.isfinite(value)}
    return {**kept, "distribution": sketches.to_json(column.sample)}


def _texts(column: Column) -> dict[str, Any]:
    categories = column.categories
    if categories is None:
        return {"distinct_count": column.distinct}
    buckets = [{"value": value, "count": count} for value, count in categories.items()]
    return {
        "distinct_count": column.distinct,
        "distribution": {"categorical": {"buckets": buckets}},
    }
