"""constraint_violations.json: where a dataset is not as its constraints say. Pure.

Source: the developer guide, "Schema for Violations (constraint_violations.json file)", and the
descriptions seen in reports of its container. That is_non_negative is checked too is Argosy's own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from argosy.monitor import drift
from argosy.monitor.analysis import BadData
from argosy.monitor.baseline import Baseline
from argosy.monitor.column import FRACTIONAL, INTEGRAL, UNKNOWN, Column
from argosy.monitor.constraints import CHI_SQUARED, Rules, rules_for
from argosy.monitor.dataset import Dataset

Violation = dict[str, str]
_SHOWN = 10


@dataclass(frozen=True)
class Checked:
    """What the checks have found; `drifts` holds the distance of every feature that was compared,
    far or near, and is greater the further (1 less the p-value for ChiSquared)."""

    violations: list[Violation] = field(default_factory=list)
    drifts: dict[str, float] = field(default_factory=dict)


def check(dataset: Dataset, constraints: dict[str, Any], baseline: Baseline) -> Checked:
    """Hold a dataset against constraints.json and a baseline. Raises BadData for a bad one."""
    features = _features(constraints)
    found = Checked()
    if rules_for(constraints).evaluate:
        found.violations.extend(_columns(dataset.columns, features))
    for name, feature in features.items():
        rules = rules_for(constraints, feature)
        if name in dataset.columns and rules.evaluate:
            _check_feature(found, name, feature, rules, dataset, baseline)
    return found


def names_of(constraints: dict[str, Any]) -> list[str]:
    """The baseline's columns in their order. Raises BadData."""
    return list(_features(constraints))


def _features(constraints: dict[str, Any]) -> dict[str, dict[str, Any]]:
    try:
        return {one["name"]: one for one in constraints.get("features") or ()}
    except (AttributeError, KeyError, TypeError) as error:
        raise BadData(f"The baseline's constraints.json is malformed: {error!r}") from error


def _columns(current: Iterable[str], expected: Iterable[str]) -> Iterator[Violation]:
    now, before = list(current), list(expected)
    numbers = (
        f"Number of columns in current dataset: {len(now)}, "
        f"Number of columns in baseline constraints: {len(before)}"
    )
    for word, names in (("missing", set(before) - set(now)), ("extra", set(now) - set(before))):
        if names:
            text = f"There are {word} columns in current dataset. {numbers}. {_listed(names)}"
            yield _violation(f"{word.title()} columns", f"{word}_column_check", text)


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return f"They are: {', '.join(ordered[:_SHOWN])}{more}"


def _check_feature(
    found: Checked,
    name: str,
    feature: dict[str, Any],
    rules: Rules,
    dataset: Dataset,
    baseline: Baseline,
) -> None:
    column = dataset.columns[name]
    checks = (
        _type(name, feature.get("inferred_type") or UNKNOWN, column, rules),
        _completeness(name, feature.get("completeness"), dataset.completeness(name)),
        _sign(name, feature.get("num_constraints") or {}, column),
        _domain(name, feature.get("string_constraints") or {}, column, rules),
        _drift(found, name, column, rules, baseline) if rules.compare else None,
    )
    found.violations.extend(one for one in checks if one)


def _type(name: str, expected: str, column: Column, rules: Rules) -> Violation | None:
    """Whole numbers are also fractions, and anything can be a string."""
    fitting = {INTEGRAL: column.integral, FRACTIONAL: column.numbers}.get(expected)
    if fitting is None or not column.present:
        return None
    share = fitting / column.present
    if share >= rules.datatype:
        return None
    return _violation(
        name,
        "data_type_check",
        f"Data type match requirement is not met. Expected data type: {expected}, Expected match: "
        f"{_percent(rules.datatype)}. Observed: Only {_percent(share)} of data is {expected}.",
    )


def _completeness(name: str, expected: float | None, observed: float) -> Violation | None:
    if expected is None or observed >= expected:
        return None
    return _violation(
        name,
        "completeness_check",
        f"Data completeness requirement is not met. Expected completeness: {_percent(expected)}. "
        f"Observed: Only {_percent(observed)} of data is present.",
    )


def _sign(name: str, expected: dict[str, Any], column: Column) -> Violation | None:
    if not expected.get("is_non_negative") or not column.negative:
        return None
    return _violation(
        name,
        "data_type_check",
        "Non-negativity requirement is not met. Expected no negative values. "
        f"Observed: {_percent(column.negative / column.numbers)} of the numbers are negative.",
    )


def _domain(name: str, expected: dict[str, Any], column: Column, rules: Rules) -> Violation | None:
    """With more values than are counted one by one, none is known to be in the domain."""
    domains = expected.get("domains")
    if domains is None or not column.present:
        return None
    known = set(domains)
    counts = column.categories or {}
    share = sum(count for value, count in counts.items() if value in known) / column.present
    if share >= rules.domain:
        return None
    return _violation(
        name,
        "categorical_values_check",
        f"Categorical values requirement is not met. Expected match: {_percent(rules.domain)}. "
        f"Observed: Only {_percent(share)} of data is in the baseline's domain. "
        f"{_unknown(set(counts) - known)}".rstrip(),
    )


def _unknown(values: set[str]) -> str:
    return f"Unknown values are: {', '.join(sorted(values)[:_SHOWN])}" if values else ""


def _drift(
    found: Checked, name: str, column: Column, rules: Rules, baseline: Baseline
) -> Violation | None:
    if name in baseline.numbers:
        distance = drift.numerical(baseline.numbers[name], column.sample, robust=rules.robust)
        return _far(found, name, distance, rules.drift)
    before, now = baseline.categories.get(name), column.categories
    if before is None or now is None:
        return None
    if rules.categorical_method == CHI_SQUARED:
        return _unlikely(found, name, drift.chi_squared(before, now), rules.categorical_drift)
    distance = drift.categorical(before, now, robust=rules.robust)
    return _far(found, name, distance, rules.categorical_drift)


def _far(found: Checked, name: str, distance: float | None, threshold: float) -> Violation | None:
    if distance is None:
        return None
    found.drifts[name] = distance
    if distance <= threshold:
        return None
    text = f"Baseline drift distance: {distance:.6g} exceeds threshold: {threshold:g}"
    return _violation(name, "baseline_drift_check", text)


def _unlikely(
    found: Checked, name: str, p_value: float | None, threshold: float
) -> Violation | None:
    """ChiSquared: the smaller the p-value, the less it is the same distribution."""
    if p_value is None:
        return None
    found.drifts[name] = 1.0 - p_value
    if p_value >= threshold:
        return None
    text = f"Baseline drift p-value: {p_value:.6g} is below threshold: {threshold:g}"
    return _violation(name, "baseline_drift_check", text)


def _percent(share: float) -> str:
    return f"{share * 100}%"


def _violation(name: str, kind: str, description: str) -> Violation:
    return {
        "feature_name": name,
        "constraint_check_type": kind,
        "description": description,
    }
