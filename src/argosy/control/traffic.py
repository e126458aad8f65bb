"""What the edges counted lately, kept in memory for `argosy status`: a sliding window."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from argosy.control.model_traffic import summary
from argosy.ground.clock import Clock
from argosy.telemetry.sketch import Sketch, merge, percentile

WINDOW_S = 15.0


@dataclass
class VariantTraffic:
    """Sums over the window. Latencies in milliseconds, None without requests."""

    requests_per_s: float = 0.0
    errors_4xx: int = 0
    errors_5xx: int = 0
    in_flight: int = 0
    capture_dropped: int = 0
    """Requests that should have been captured and were not."""
    shadow_dropped: int = 0
    """Of a shadow variant: copies that it did not get."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    models: dict[str, Any] | None = None
    """Of a multi-model variant: see `control.model_traffic`."""


@dataclass
class _Window:
    lines: deque[tuple[float, dict[str, Any]]] = field(default_factory=deque)

    def add(self, now: float, counts: dict[str, Any]) -> None:
        self.lines.append((now, counts))
        while self.lines and self.lines[0][0] < now - WINDOW_S:
            self.lines.popleft()

    def since(self, start: float) -> list[tuple[float, dict[str, Any]]]:
        return [line for line in self.lines if line[0] >= start]


class Traffic:
    """Takes the edges' metric lines and answers for one variant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, lines: Iterable[dict[str, Any]]) -> None:
        """What an edge tells of each fleet since the last time (`argosy.edge.metrics`)."""
        now = self._clock.now()
        for line in lines:
            if not line.get("part"):
                fleet = (line["endpoint"], line["variant"])
                self._windows.setdefault(fleet, _Window()).add(now, line)

    def of(self, endpoint: str, variant: str) -> VariantTraffic:
        """The variant's traffic over the last seconds."""
        now = self._clock.now()
        window = self._windows.get((endpoint, variant), _Window())
        lines = window.since(now - WINDOW_S)
        counts = [line for _, line in lines]
        latency = merge(line.get("model_latency", {}) for line in counts)
        return VariantTraffic(
            requests_per_s=_sum(counts, "invocations") / WINDOW_S,
            errors_4xx=_sum(counts, "errors_4xx"),
            errors_5xx=_sum(counts, "errors_5xx"),
            in_flight=_sum([line for time, line in lines if time > now - 1.5], "in_flight"),
            capture_dropped=_sum(counts, "capture_dropped"),
            shadow_dropped=_sum(counts, "shadow_dropped"),
            p50_ms=_milliseconds(latency, 0.50),
            p99_ms=_milliseconds(latency, 0.99),
            models=summary(counts),
        )

    def forget(self, known: Iterable[str]) -> None:
        """Drop the windows of endpoints that are not among `known`."""
        keep = set(known)
        for key in [key for key in self._windows if key[0] not in keep]:
            del self._windows[key]


def _sum(counts: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(line.get(name, 0)) for line in counts)


def _milliseconds(latency: Sketch, share: float) -> float | None:
    found = percentile(latency, share)
    return None if found is None else found / 1000.0
