"""Sums of what the edges counted, since control began. Prometheus takes a restart as a reset."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from argosy.telemetry.sketch import value_of

BOUNDS_S = (
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    30.0, 60.0,
)  # fmt: skip
"""Upper ends of the histograms' buckets; one more has none."""

_MOST = 10_000
"""Fleets that are remembered; a platform has some dozens."""


class Fleet(NamedTuple):
    """Whose figures they are; `container` is empty where containers are not told apart."""

    endpoint: str
    """Its key in the routing table: account/region/name."""
    variant: str
    config: str
    container: str


@dataclass
class Histogram:
    """Durations: how many in each bucket (the last one has no end), and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    total_s: float = 0.0

    def add(self, sketch: Mapping[Any, int], total_us: float | None) -> None:
        """`sketch`: bucket → count; total_us: the exact sum where it is known."""
        rough = 0.0
        for bucket, count in sketch.items():
            seconds = value_of(int(bucket)) / 1e6
            self.counts[bisect_left(BOUNDS_S, seconds)] += count
            rough += seconds * count
        self.total_s += rough if total_us is None else total_us / 1e6

    def cumulative(self) -> list[tuple[str, int]]:
        """(upper end as text, how many are not above it), as Prometheus has it."""
        found, seen = [], 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.counts, strict=True):
            seen += count
            found.append((bound, seen))
        return found


@dataclass
class Sums:
    """Of one fleet."""

    invocations: int = 0
    errors: dict[str, int] = field(default_factory=lambda: {"4xx": 0, "5xx": 0, "model": 0})
    left_out: dict[str, int] = field(default_factory=lambda: {"copy": 0, "capture": 0})
    model: Histogram = field(default_factory=Histogram)
    overhead: Histogram = field(default_factory=Histogram)

    def add(self, line: Mapping[str, Any]) -> None:
        self.invocations += int(line.get("invocations", 0))
        self.errors["4xx"] += int(line.get("errors_4xx", 0))
        self.errors["5xx"] += int(line.get("errors_5xx", 0))
        self.errors["model"] += int(line.get("model_errors", 0))
        self.left_out["copy"] += int(line.get("shadow_dropped", 0))
        self.left_out["capture"] += int(line.get("capture_dropped", 0))
        for name, histogram in (("model", self.model), ("overhead", self.overhead)):
            exact = line.get(f"{name}_us")
            histogram.add(line.get(f"{name}_latency") or {}, exact[0] if exact else None)


class Totals:
    """Of every fleet."""

    def __init__(self) -> None:
        self.fleets: dict[Fleet, Sums] = {}

    def take(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """What an edge tells of its fleets since the last time (`argosy.edge.metrics`). Stages of
        a pipeline are in the figures of the whole."""
        for line in lines:
            if line.get("part"):
                continue
            names = (str(line.get(name) or "") for name in Fleet._fields)
            fleet = Fleet(*names)
            if fleet in self.fleets or len(self.fleets) < _MOST:
                self.fleets.setdefault(fleet, Sums()).add(line)

    def forget(self, known: Iterable[str]) -> None:
        """Drop the sums of endpoints that are not among `known`."""
        keep = set(known)
        self.fleets = {fleet: sums for fleet, sums in self.fleets.items() if fleet.endpoint in keep}
