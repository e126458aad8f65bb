"""What a load test found, and what follows from it. Plain values; nothing is shown here."""

from dataclasses import asdict
from typing import Any

from argosy.cli.loadtest_chart import Point
from argosy.cli.loadtest_policy import Resource
from argosy.load.finding import Found
from argosy.load.goal import Goal
from argosy.load.measured import Measured

_BUSY_CPU = 0.9


class Report:
    """Filled while the test runs."""

    def __init__(self, resource: Resource, goal: Goal | None, safety_factor: float) -> None:
        self.resource = resource
        self.goal = goal
        """None when rates were given."""
        self.safety_factor = safety_factor
        self.measured: list[Measured] = []
        self.found: Found | None = None
        """None until a search is over."""
        self.policy: dict[str, Any] | None = None
        self.instances_after = resource.instances

    def close(self, after: Resource) -> None:
        """The test is over, and this is what the resource is now."""
        self.instances_after = after.instances

    @property
    def max_rate(self) -> float:
        """Requests a second of all instances together; 0 when none was found."""
        return self.found.rate if self.found else 0.0

    @property
    def per_instance(self) -> float:
        """MAX_RPS."""
        return self.max_rate / max(1, self.resource.instances)

    @property
    def target_value(self) -> float:
        """Invocations a minute and instance at which one more is wanted (seed 004's formula)."""
        return round(self.per_instance * self.safety_factor * 60, 2)

    def formula(self) -> str:
        """The formula with its numbers."""
        return (
            f"{self.resource.metric} = MAX_RPS × SAFETY_FACTOR × 60\n"
            f"    = {self.per_instance:.1f} × {self.safety_factor:g} × 60 = {self.target_value:g}"
        )

    def caveats(self) -> list[str]:
        """What the reader must know to trust the figures as far as they go."""
        said = []
        before, after = self.resource.instances, self.instances_after
        if before != after:
            said.append(
                f"There were {before} instances in the beginning and {after} in the end: the rate "
                "of one instance is not known that well. Suspend scaling and test again."
            )
        if self.found and not self.found.confirmed and self.max_rate:
            said.append("Time ran out before it was confirmed: give it a longer --duration.")
        if self.found and self.found.generator_busy:
            said.append("The load generator was at its own limit: the endpoint may stand more.")
        if not self.found and any(one.cpu > _BUSY_CPU for one in self.measured):
            said.append("The load generator was at its own limit: latencies may be its own.")
        return said

    def points(self) -> list[Point]:
        """Latency against load, by ascending load."""
        share = f"{self.goal.share:g}" if self.goal else "99"
        points = [
            Point(m.offered, m.latency_ms["50"], m.latency_ms[share], self._good(m))
            for m in self.measured
            if m.latency_ms
        ]
        return sorted(points, key=lambda point: point.rate)

    def _good(self, measured: Measured) -> bool:
        return self.goal.kept(measured) if self.goal else not measured.failed

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "endpoint": self.resource.endpoint,
            "variant": self.resource.variant,
            "component": self.resource.component,
            "instances": self.resource.instances,
            "loads": [asdict(one) | {"achieved": one.achieved} for one in self.measured],
            "caveats": self.caveats(),
        }
        if self.goal:
            said |= {
                "goal": str(self.goal),
                "max_rps": self.max_rate,
                "max_rps_per_instance": self.per_instance,
                "confirmed": bool(self.found and self.found.confirmed),
                "safety_factor": self.safety_factor,
                "metric": self.resource.metric,
                "target_value": self.target_value,
                "policy": self.policy,
            }
        return said
