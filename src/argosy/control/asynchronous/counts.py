"""What is measured of asynchronous endpoints, under the names of reference/async-and-batch.md A5.

What is shown is since control began; what is published, since it was published last.
"""

from collections import Counter
from typing import Any

from argosy.control.asynchronous.line import Line
from argosy.control.asynchronous.notices import Result
from argosy.control.asynchronous.plans import QueuePlan
from argosy.telemetry.sketch import bucket_of, percentile, value_of

COUNTERS = (
    "InvocationsProcesssed",  # so it is published: three s
    "InvocationFailures",
    "RequestDownloadFailures",
    "ResponseUploadFailures",
    "NotificationFailures",
    "ExpiredRequests",
)
_FAILURES = {
    "invocation": "InvocationFailures",
    "download": "RequestDownloadFailures",
    "upload": "ResponseUploadFailures",
    "expired": "ExpiredRequests",
}
_SERVER_ERROR, _CLIENT_ERROR = 500, 400
_MILLISECONDS = frozenset({"TimeInBacklog", "TotalProcessingTime"})
LATENCIES = ("RequestDownloadLatency", "ResponseUploadLatency", *sorted(_MILLISECONDS))


class _Durations:
    """Since the last `take`, in microseconds."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._us: list[int] = []

    def add(self, microseconds: int) -> None:
        self._buckets[bucket_of(microseconds)] += 1
        total, low, high = self._us or (0, microseconds, microseconds)
        self._us = [total + microseconds, min(low, microseconds), max(high, microseconds)]

    def take(self) -> dict[str, Any] | None:
        """{"buckets": {bucket: n}, "us": [sum, smallest, largest]}; None for none."""
        if not self._us:
            return None
        taken = {"buckets": dict(self._buckets), "us": self._us}
        self._buckets, self._us = Counter(), []
        return taken


class VariantCounts:
    """Of one variant."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._new: dict[str, _Durations] = {}
        self._sketches: dict[str, Counter[int]] = {name: Counter() for name in LATENCIES}

    def ended(self, result: Result, received: float, given: float | None, now: float) -> None:
        """A request ended at `now`; it was given out at `given`, if ever."""
        if result.good:
            self.counters["InvocationsProcesssed"] += 1
        else:
            self.counters[_FAILURES.get(result.kind, "InvocationFailures")] += 1
        if result.model_us:
            self._new.setdefault("ModelLatency", _Durations()).add(result.model_us)
            self.counters["errors_4xx"] += _CLIENT_ERROR <= result.status < _SERVER_ERROR
            self.counters["errors_5xx"] += result.status >= _SERVER_ERROR
        self._add("RequestDownloadLatency", result.download_us)
        self._add("ResponseUploadLatency", result.upload_us)
        self._add("TotalProcessingTime", int((now - received) * 1e6))
        if given is not None:
            self._add("TimeInBacklog", int((given - received) * 1e6))

    def _add(self, name: str, microseconds: int) -> None:
        if microseconds > 0:
            self._sketches[name][bucket_of(microseconds)] += 1
            self._new.setdefault(name, _Durations()).add(microseconds)

    def take(self) -> dict[str, Any]:
        """What came since the last time, as `measuring.asynchronous` publishes it."""
        taken: dict[str, Any] = dict(self.counters - self._told)
        self._told = self.counters.copy()
        for name, durations in self._new.items():
            told = durations.take()
            if told is not None:
                taken[name] = told
        return taken

    def report(self) -> dict[str, Any]:
        """Counters by name, and {"count", "average", "p50", "p99"} of each latency in its unit:
        milliseconds for TimeInBacklog and TotalProcessingTime, else microseconds."""
        found: dict[str, Any] = {name: self.counters[name] for name in COUNTERS}
        for name, sketch in self._sketches.items():
            unit = 1000.0 if name in _MILLISECONDS else 1.0
            found[name] = _summary(sketch, unit)
        return found


def _summary(sketch: Counter[int], unit: float) -> dict[str, float | int | None]:
    count = sum(sketch.values())
    total = sum(value_of(bucket) * times for bucket, times in sketch.items())
    halves = (percentile(sketch, share) for share in (0.5, 0.99))
    p50, p99 = (None if value is None else round(value / unit, 3) for value in halves)
    average = round(total / count / unit, 3) if count else None
    return {"count": count, "average": average, "p50": p50, "p99": p99}


def backlog(plan: QueuePlan, line: Line, now: float) -> dict[str, Any]:
    """The queue's own metrics. Without an instance the backlog per instance is the backlog."""
    instances = len(plan.instances)
    oldest = line.oldest
    return {
        "ApproximateBacklogSize": line.size,
        "ApproximateBacklogSizePerInstance": line.size / max(1, instances),
        "ApproximateAgeOfOldestRequest": 0.0 if oldest is None else round(max(0, now - oldest), 3),
        "HasBacklogWithoutCapacity": int(line.size > 0 and not instances),
    }
