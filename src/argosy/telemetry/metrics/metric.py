"""What a series is called."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric is its namespace, its name and exactly these dimensions, sorted by name.

    Source: reference/autoscaling-and-monitoring.md §8.
    """

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


def metric(
    account: str,
    region: str,
    namespace: str,
    name: str,
    dimensions: Mapping[str, str] | None = None,
) -> Metric:
    """A metric by dimensions in any order."""
    return Metric(account, region, namespace, name, tuple(sorted((dimensions or {}).items())))
