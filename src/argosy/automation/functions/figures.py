"""The metrics of functions: collected, and published once a second.

Source: reference/automation.md §3; Lambda Developer Guide, "Types of metrics for Lambda functions".
"""

from dataclasses import dataclass, field

from argosy.ground.clock import Clock
from argosy.ground.functions import FunctionVersion, Invoked
from argosy.telemetry.metrics import MetricStore
from argosy.telemetry.metrics.metric import metric
from argosy.telemetry.metrics.sample import Sample

NAMESPACE = "AWS/Lambda"


@dataclass
class Counted:
    """What happened to one function in one second."""

    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    durations: list[float] = field(default_factory=list)
    most_at_once: int = 0


Key = tuple[str, str, str, str]
"""Account, region, name, and the qualifier that it was asked by, or ""."""


class Figures:
    """Counts, and hands them to the store of metrics."""

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counted: dict[Key, Counted] = {}

    @property
    def empty(self) -> bool:
        return not self._counted

    def ended(self, version: FunctionVersion, invoked: Invoked, at_once: int) -> None:
        """An invocation has run; `at_once` with it, of this function."""
        for counted in self._of(version):
            counted.invocations += 1
            counted.errors += bool(invoked.error)
            counted.durations.append(invoked.duration_ms)
            counted.most_at_once = max(counted.most_at_once, at_once)

    def throttled(self, version: FunctionVersion) -> None:
        """An invocation was refused, for as many ran as may."""
        for counted in self._of(version):
            counted.throttles += 1

    def publish(self) -> None:
        """Raises StorageError; what could not be handed over is lost then."""
        counted, self._counted = self._counted, {}
        now = self._clock.now()
        for key, one in counted.items():
            self._put(key, one, now)

    def _of(self, version: FunctionVersion) -> list[Counted]:
        place = version.account, version.region, version.name
        qualifier = _qualifier(version)
        keys = [(*place, ""), (*place, qualifier)] if qualifier else [(*place, "")]
        return [self._counted.setdefault(key, Counted()) for key in keys]

    def _put(self, key: Key, one: Counted, now: float) -> None:
        account, region, name, qualifier = key
        dimensions = {"FunctionName": name}
        if qualifier:
            dimensions["Resource"] = f"{name}:{qualifier}"

        def put(kind: str, values: list[float], unit: str = "Count") -> None:
            named = metric(account, region, NAMESPACE, kind, dimensions)
            self._store.put(named, now, Sample.of_values(values), unit)

        if one.invocations:
            put("Invocations", [float(one.invocations)])
            put("Errors", [float(one.errors)])
            put("Duration", one.durations, "Milliseconds")
            put("ConcurrentExecutions", [float(one.most_at_once)])
        if one.throttles or one.invocations:
            put("Throttles", [float(one.throttles)])


def _qualifier(version: FunctionVersion) -> str:
    words = version.invoked_arn.split(":")
    return words[7] if len(words) == 8 else ""
