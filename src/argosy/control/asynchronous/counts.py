"""What is measured of asynchronous endpoints, under the names of reference/async-and-batch.md A5.

Counters and latencies are sums since control began: whoever publishes metrics takes differences.
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
_MILLISECONDS = frozenset({"TimeInBacklog", "TotalProcessingTime"})
LATENCIES = ("RequestDownloadLatency", "ResponseUploadLatency", *sorted(_MILLISECONDS))


class VariantCounts:
    """Of one variant."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._sketches: dict[str, Counter[int]] = {name: Counter() for name in LATENCIES}

    def ended(self, result: Result, received: float, given: float | None, now: float) -> None:
        """A request ended at `now`; it was given out at `given`, if ever."""
        if result.good:
            self.counters["InvocationsProcesssed"] += 1
        else:
            self.counters[_FAILURES.get(result.kind, "InvocationFailures")] += 1
        self._add("RequestDownloadLatency", result.download_us)
        self._add("ResponseUploadLatency", result.upload_us)
        self._add("TotalProcessingTime", int((now - received) * 1e6))
        if given is not None:
            self._add("TimeInBacklog", int((given - received) * 1e6))

    def _add(self, name: str, microseconds: int) -> None:
        if microseconds > 0:
            self._sketches[name][bucket_of(microseconds)] += 1

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
