"""Counters and latency sketches of variants, given to control as deltas."""

from collections import Counter
from typing import Any

from argosy.edge.model_metrics import ModelCounts
from argosy.telemetry.sketch import bucket_of

_FOLD_AT = 8192


class Counters:
    """What happened to one variant since the last flush; survives changes of the table."""

    __slots__ = (
        "_model",
        "_overhead",
        "_told_in_flight",
        "errors_4xx",
        "errors_5xx",
        "in_flight",
        "invocations",
        "model_us",
        "models",
        "overhead_us",
    )

    def __init__(self) -> None:
        self.invocations = 0
        self.errors_4xx = 0
        self.errors_5xx = 0
        self.in_flight = 0
        self.model_us: list[int] = []
        """Latencies not yet sorted into buckets: appending is all that a request pays for."""
        self.overhead_us: list[int] = []
        self.models = ModelCounts()
        """Stays empty where there is only one model."""
        self._model: Counter[int] = Counter()
        self._overhead: Counter[int] = Counter()
        self._told_in_flight = 0

    def answered(self, model_s: float, overhead_s: float) -> None:
        """An instance answered after `model_s`; the edge itself took `overhead_s`."""
        self.invocations += 1
        self.model_us.append(int(model_s * 1e6))
        self.overhead_us.append(int(overhead_s * 1e6))
        if len(self.model_us) >= _FOLD_AT:
            self._fold()

    def _fold(self) -> None:
        for values, sketch in ((self.model_us, self._model), (self.overhead_us, self._overhead)):
            for microseconds, count in Counter(values).items():
                sketch[bucket_of(microseconds)] += count
            values.clear()

    def take(self) -> dict[str, Any] | None:
        """The deltas since the last call; None when nothing happened."""
        self._fold()
        errors = self.errors_4xx or self.errors_5xx
        models = self.models.take()
        happened = self.invocations or errors or models is not None
        if not (happened or self.in_flight != self._told_in_flight):
            return None
        self._told_in_flight = self.in_flight
        taken: dict[str, Any] = {
            "invocations": self.invocations,
            "errors_4xx": self.errors_4xx,
            "errors_5xx": self.errors_5xx,
            "in_flight": self.in_flight,
            "model_latency": dict(self._model),
            "overhead_latency": dict(self._overhead),
        }
        if models is not None:
            taken["models"] = models
        self.invocations = self.errors_4xx = self.errors_5xx = 0
        self._model, self._overhead = Counter(), Counter()
        return taken


class Metrics:
    """The counters of every variant, by endpoint key and variant name."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, str], Counters] = {}

    def of(self, endpoint: str, variant: str) -> Counters:
        """The counters of a variant, always the same object."""
        return self._counters.setdefault((endpoint, variant), Counters())

    def keep(self, wanted: set[tuple[str, str]]) -> None:
        """Forget variants that are gone and have nothing left to tell."""
        for name in [n for n in self._counters if n not in wanted]:
            counters = self._counters[name]
            if not counters.in_flight and not counters.invocations:
                del self._counters[name]

    def take(self) -> dict[str, dict[str, Any]]:
        """The deltas of all variants where something happened: endpoint key → variant → deltas."""
        taken: dict[str, dict[str, Any]] = {}
        for (endpoint, variant), counters in self._counters.items():
            deltas = counters.take()
            if deltas is not None:
                taken.setdefault(endpoint, {})[variant] = deltas
        return taken
