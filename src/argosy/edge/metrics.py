"""Counters and latency sketches of variants, given to control as deltas.

Each fleet of a variant, each container that is asked directly and each stage of a pipeline has
counters of its own. What a request pays for is a few additions; the rest is done once a second.
"""

from collections import Counter
from collections.abc import Collection
from time import perf_counter
from typing import Any, NamedTuple

from argosy.edge.model_metrics import ModelCounts
from argosy.telemetry.sketch import bucket_of

_FOLD_AT = 8192


class Counted(NamedTuple):
    """Whose counters they are."""

    endpoint: str
    """Its key in the routing table."""
    variant: str
    """Or the inference component."""
    config: str = ""
    """Name of the endpoint config that the fleet stands for."""
    container: str = ""
    """Where each container of the variant is counted apart."""
    part: bool = False
    """A stage of a pipeline, whose requests are counted for the variant already."""


class Latency:
    """Durations since the last `take`, in microseconds."""

    __slots__ = ("_buckets", "_range", "values")

    def __init__(self) -> None:
        self.values: list[int] = []
        """Not yet sorted into buckets: appending is all that a request pays for."""
        self._buckets: Counter[int] = Counter()
        self._range: list[int] = []

    def fold(self) -> None:
        """Sort what waits into buckets."""
        values = self.values
        if not values:
            return
        for microseconds, count in Counter(values).items():
            self._buckets[bucket_of(microseconds)] += count
        total, low, high = self._range or (0, values[0], values[0])
        self._range = [total + sum(values), min(low, *values), max(high, *values)]
        values.clear()

    def take(self, name: str) -> dict[str, Any]:
        """{"<name>_latency": {bucket: n}, "<name>_us": [sum, smallest, largest]}; {} for none."""
        self.fold()
        if not self._buckets:
            return {}
        taken = {f"{name}_latency": dict(self._buckets), f"{name}_us": self._range}
        self._buckets, self._range = Counter(), []
        return taken


class Counters:
    """What happened to one fleet since the last `take`; survives changes of the table."""

    __slots__ = (
        "_clock",
        "_model_us",
        "_overhead_us",
        "_told_busy",
        "_told_in_flight",
        "capture_dropped",
        "counted",
        "errors_4xx",
        "errors_5xx",
        "in_flight",
        "invocations",
        "model",
        "model_errors",
        "models",
        "overhead",
        "peak",
        "shadow_dropped",
    )

    def __init__(self, counted: Counted) -> None:
        self.counted = counted
        self.invocations = 0
        self.errors_4xx = 0
        self.errors_5xx = 0
        self.model_errors = 0
        """Requests without an answer of 2xx: errors of the model, timeouts, lost instances."""
        self.in_flight = 0
        self.peak = 0
        """Most in flight at once since the last `take`."""
        self.model = Latency()
        self.overhead = Latency()
        self._model_us, self._overhead_us = self.model.values, self.overhead.values
        self.capture_dropped = 0
        """Requests that should have been captured and were not."""
        self.shadow_dropped = 0
        """Copies that a shadow variant should have had and did not get."""
        self.models = ModelCounts()
        """Stays empty where there is only one model."""
        self._clock = 0.0
        """Ends of requests less their beginnings: see `_busy`."""
        self._told_busy = 0.0
        self._told_in_flight = 0

    def enter(self, at: float) -> None:
        """A request is sent to an instance; `at` is perf_counter()."""
        in_flight = self.in_flight = self.in_flight + 1
        self._clock -= at
        if in_flight > self.peak:
            self.peak = in_flight

    def leave(self, at: float) -> None:
        """It is with the instance no more."""
        self.in_flight -= 1
        self._clock += at

    def answered(self, sent: float, now: float, begun: float) -> None:
        """The answer came at `now` and is on its way; the request came at `begun`."""
        self.in_flight -= 1
        self._clock += now
        self.invocations += 1
        model, model_us = now - sent, self._model_us
        model_us.append(int(model * 1e6))
        self._overhead_us.append(int((perf_counter() - begun - model) * 1e6))
        if len(model_us) >= _FOLD_AT:
            self.model.fold()
            self.overhead.fold()

    def measured(self, model_s: float, overhead_s: float) -> None:
        """An instance answered after `model_s`, well or not; the edge itself took `overhead_s`."""
        self.invocations += 1
        self.model.values.append(int(model_s * 1e6))
        self.overhead.values.append(int(overhead_s * 1e6))

    def unanswered(self, status: int) -> None:
        """A request that got no answer from its model: one more that failed."""
        self.invocations += 1
        self.failed(status)

    def failed(self, status: int) -> None:
        """A request, counted already, that the model did not answer well: status 4xx or 5xx."""
        self.model_errors += 1
        if status < 500:
            self.errors_4xx += 1
        else:
            self.errors_5xx += 1

    def _busy(self, now: float) -> float:
        """Seconds that requests spent with instances, all together, since the process began."""
        return self._clock + self.in_flight * now

    def take(self, now: float) -> dict[str, Any] | None:
        """The deltas since the last call; None when nothing happened. `now`: perf_counter()."""
        models = self.models.take()
        timed = {**self.model.take("model"), **self.overhead.take("overhead")}
        dropped = self.capture_dropped or self.shadow_dropped
        happened = self.invocations or self.peak or timed or dropped or models is not None
        if not (happened or self.in_flight != self._told_in_flight):
            return None
        busy = self._busy(now)
        taken: dict[str, Any] = {
            **self.counted._asdict(),
            "invocations": self.invocations,
            "errors_4xx": self.errors_4xx,
            "errors_5xx": self.errors_5xx,
            "model_errors": self.model_errors,
            "in_flight": self.in_flight,
            "peak": self.peak,
            "busy_us": max(int((busy - self._told_busy) * 1e6), 0),
            **timed,
        }
        if models is not None:
            taken["models"] = models
        if dropped:
            taken["capture_dropped"] = self.capture_dropped
            taken["shadow_dropped"] = self.shadow_dropped
            self.capture_dropped = self.shadow_dropped = 0
        self._told_busy, self._told_in_flight = busy, self.in_flight
        self.invocations = self.errors_4xx = self.errors_5xx = self.model_errors = 0
        self.peak = self.in_flight
        return taken


class Metrics:
    """The counters of every fleet."""

    def __init__(self) -> None:
        self._counters: dict[Counted, Counters] = {}

    def of(
        self,
        endpoint: str,
        variant: str,
        config: str = "",
        container: str = "",
        *,
        part: bool = False,
    ) -> Counters:
        """The counters of a fleet, or of a container of it: always the same object."""
        counted = Counted(endpoint, variant, config, container, part)
        return self._counters.setdefault(counted, Counters(counted))

    def keep(self, wanted: Collection[Counters]) -> None:
        """Forget those that are not wanted any more and have nothing left to tell."""
        for name, counters in list(self._counters.items()):
            if counters not in wanted and not (counters.in_flight or counters.invocations):
                del self._counters[name]

    def take(self, now: float) -> list[dict[str, Any]]:
        """The deltas of all fleets where something happened. `now`: perf_counter()."""
        taken = (counters.take(now) for counters in self._counters.values())
        return [one for one in taken if one is not None]
