"""A latency goal as people write it: p99<100ms. Pure."""

import re
from dataclasses import dataclass

from argosy.ground.errors import ArgosyError
from argosy.load.measured import Measured

_FORM = re.compile(r"p(\d{1,2}(?:\.\d+)?)\s*<=?\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s)")
_MS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
_KEPT_UP = 0.97
"""Share of the offered rate that has to be answered: below it, a queue grows."""


@dataclass(frozen=True)
class Goal:
    """So many per cent of requests are to take no longer than that."""

    share: float
    limit_ms: float

    def __str__(self) -> str:
        return f"p{self.share:g}<{self.limit_ms:g}ms"

    def of(self, measured: Measured) -> float:
        """The latency in question, in ms; infinite where nothing was measured."""
        return measured.latency_ms.get(f"{self.share:g}", float("inf"))

    def kept(self, measured: Measured) -> bool:
        """No error, the rate was kept up with, and the latency is within the limit."""
        return not self.why_not(measured)

    def why_not(self, measured: Measured) -> str:
        """What the goal failed by, "" when it was kept."""
        if measured.failed:
            return f"{measured.failed} failed"
        if measured.cut_off:
            return "too many took longer; ended early"
        if self.of(measured) >= self.limit_ms:
            return f"p{self.share:g} {self.of(measured):.1f} ms"
        if measured.achieved < _KEPT_UP * measured.offered and measured.seconds > 1:
            return "it did not keep up"
        return ""


def parse(text: str) -> Goal:
    """The goal that a text like p99<100ms means; raises ArgosyError when it is none."""
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        raise ArgosyError(f"{text!r} is no latency goal; write one like p99<100ms or p99.9<0.5s.")
    limit = float(found[2]) * _MS[found[3]]
    if not limit or not float(found[1]):
        raise ArgosyError(f"{text!r} cannot be reached: both numbers must be above zero.")
    return Goal(float(found[1]), limit)
