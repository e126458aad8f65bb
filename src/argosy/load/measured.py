"""A load, and what came of it. Plain values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SHARES = (50.0, 90.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True, kw_only=True)
class Load:
    """A constant rate for some time."""

    rate: float
    """Requests a second."""
    seconds: float
    connections: int = 256
    """At most; as many are opened as are needed."""
    grace_s: float = 10.0
    """How long after the last request was due answers are waited for."""
    shares: tuple[float, ...] = SHARES
    """Percentiles to tell, 0 to 100."""
    give_up_ms: float = 0.0
    """End early once so many requests took longer than this that the highest of `shares` must
    exceed it; 0 for never."""
    give_up_share: float = 100.0
    """The percentile that `give_up_ms` is meant for."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of a load. Latencies in milliseconds, from the moment a request was due."""

    offered: float
    """Requests a second."""
    seconds: float
    """From the first being due to the last answer."""
    requests: int
    """How many were due."""
    answered: int
    """With a status of 2xx."""
    errors: dict[str, int] = field(default_factory=dict)
    """By what happened: a status, "timeout" or "connection"."""
    error_text: str = ""
    """The first error's own words."""
    latency_ms: dict[str, float] = field(default_factory=dict)
    """By percentile ("99", "99.9"), over all requests that were due; "max" and "mean" besides."""
    late_ms: float = 0.0
    """99th percentile of how late the generator itself was, with a connection free."""
    cpu: float = 0.0
    """Share of one core that the generator used."""
    connections: int = 0
    """That were open in the end."""
    cut_off: bool = False
    """It ended early: the limit could not be kept any more."""

    @property
    def achieved(self) -> float:
        """Good answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> int:
        return sum(self.errors.values())


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values in ascending order; NaN for none. `share`: 0 to 100."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


def latencies(seconds: Sequence[float], shares: Sequence[float]) -> Mapping[str, float]:
    """Percentiles of latencies, mean and maximum, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    told = {f"{share:g}": percentile(ordered, share) * 1e3 for share in shares}
    return {**told, "max": ordered[-1] * 1e3, "mean": sum(ordered) / len(ordered) * 1e3}
