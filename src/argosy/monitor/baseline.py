"""A baseline's statistics.json, as later data is compared with it. Pure."""

from dataclasses import dataclass, field
from typing import Any

from argosy.monitor import sketches
from argosy.monitor.analysis import BadData
from argosy.monitor.sketches import NOTHING, Weighted


@dataclass(frozen=True)
class Baseline:
    """Distributions by the name of the feature; a feature without one is in neither."""

    numbers: dict[str, Weighted] = field(default_factory=dict)
    categories: dict[str, dict[str, int]] = field(default_factory=dict)


def read(statistics: dict[str, Any]) -> Baseline:
    """From the content of statistics.json, whoever wrote it. Raises BadData."""
    baseline = Baseline()
    try:
        for feature in statistics.get("features") or ():
            _read(baseline, feature)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadData(f"The baseline's statistics.json is malformed: {error!r}") from error
    return baseline


def _read(baseline: Baseline, feature: dict[str, Any]) -> None:
    name = feature["name"]
    numerical = (feature.get("numerical_statistics") or {}).get("distribution") or {}
    sample = sketches.from_json(numerical) if numerical else NOTHING
    if len(sample.items):
        baseline.numbers[name] = sample
    texts = (feature.get("string_statistics") or {}).get("distribution") or {}
    buckets = (texts.get("categorical") or {}).get("buckets") or ()
    if buckets:
        baseline.categories[name] = {one["value"]: int(one["count"]) for one in buckets}
