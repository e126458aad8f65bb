"""Metrics of events for functions: counted in memory, where the store of metrics keeps them."""

import contextlib

from argosy.means import Means
from argosy.state.invocations import Invocation
from argosy.telemetry.metrics import Sample, TooManySeries
from argosy.telemetry.metrics.metric import metric

NAMESPACE = "AWS/Lambda"


class Figures:
    """By function, as Lambda publishes them."""

    def __init__(self, means: Means) -> None:
        self._metrics = means.metrics
        self._now = means.clock.now

    def count(self, event: Invocation, name: str, value: float = 1.0, unit: str = "Count") -> None:
        """One value; lost where an account has too many metrics."""
        dimensions = {"FunctionName": event.function.split(":")[6]}
        named = metric(event.account, event.region, NAMESPACE, name, dimensions)
        with contextlib.suppress(TooManySeries):
            self._metrics.put(named, self._now(), Sample.of(value), unit)
