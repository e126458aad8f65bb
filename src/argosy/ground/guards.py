"""Guards of a rollout: what must hold of the new version's answers, written in one line. Pure.

    p99<100ms,5xx<1%         latencies of the model: p50, p90, p95, p99, p99.9, avg in us, ms or s
    errors<=0.5%,calls>=200  rates of 4xx, 5xx, errors (both) among all calls; and from how many
                             calls of a step on they are judged (20 unless told otherwise)

Latencies of a version are only compared once it has answered that often.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from argosy.ground.errors import ArgosyError

USUAL_CALLS = 20
"""So many calls are judged upon; fewer say too little."""

_GUARD = re.compile(
    r"(?P<name>p\d{1,2}(?:\.\d{1,2})?|avg|4xx|5xx|errors|calls)\s*"
    r"(?P<sign><=|>=|<)\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>us|ms|s|%|)"
)
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_RATES = ("4xx", "5xx", "errors")


@dataclass(frozen=True)
class Measured:
    """What a fleet did in a step."""

    calls: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    latency_ms: Callable[[float | None], float | None] = lambda share: None
    """The latency that this share (0 to 1) of the answers does not pass, or the average for None;
    None without answers."""

    def of(self, name: str) -> float | None:
        """The figure that a guard of that name is about: milliseconds, or percent of all calls."""
        if name in _RATES:
            wrong = (self.errors_4xx if name != "5xx" else 0) + (
                self.errors_5xx if name != "4xx" else 0
            )
            return 100.0 * wrong / self.calls if self.calls else None
        return self.latency_ms(None if name == "avg" else float(name[1:]) / 100.0)


@dataclass(frozen=True)
class Guard:
    """One condition."""

    name: str
    sign: str
    limit: float
    """Milliseconds, or percent."""

    def holds(self, value: float) -> bool:
        return value <= self.limit if self.sign == "<=" else value < self.limit

    @property
    def unit(self) -> str:
        return "%" if self.name in _RATES else " ms"


@dataclass(frozen=True)
class Guards:
    """All conditions of a rollout."""

    guards: tuple[Guard, ...] = ()
    calls: int = USUAL_CALLS

    def complaint(self, measured: Measured) -> str:
        """Which guard is violated, and by what; "" while none is, or too little is known."""
        if measured.calls < self.calls:
            return ""
        for guard in self.guards:
            value = measured.of(guard.name)
            if value is not None and not guard.holds(value):
                return (
                    f"{guard.name} of the new version is {value:.4g}{guard.unit}, not "
                    f"{guard.sign} {guard.limit:g}{guard.unit} ({measured.calls} calls)."
                )
        return ""


def parse(text: str) -> Guards:
    """The guards of a line; "" has none. Raises ArgosyError naming the part that is wrong."""
    found, calls = [], USUAL_CALLS
    for part in (one.strip() for one in text.split(",") if one.strip()):
        match = _GUARD.fullmatch(part.lower())
        if match is None:
            raise ArgosyError(
                f"{part!r} is not a guard. Guards are like p99<100ms, avg<=0.5s, 5xx<1%, errors<2% "
                "and calls>=50."
            )
        name, sign, value, unit = match.group("name", "sign", "value", "unit")
        if name == "calls":
            calls = _calls(part, sign, value, unit)
        else:
            found.append(_guard(part, name, sign, float(value), unit))
    return Guards(tuple(found), calls)


def _calls(part: str, sign: str, value: str, unit: str) -> int:
    if sign != ">=" or unit or "." in value or int(value) < 1:
        raise ArgosyError(f"{part!r}: a number of calls is given like calls>=50.")
    return int(value)


def _guard(part: str, name: str, sign: str, value: float, unit: str) -> Guard:
    if sign == ">=":
        raise ArgosyError(f"{part!r}: a guard is an upper bound; write < or <=.")
    if name in _RATES:
        if unit != "%" or value > 100:
            raise ArgosyError(f"{part!r}: a rate is in percent, at most 100, like {name}<1%.")
        return Guard(name, sign, value)
    if unit not in _MILLISECONDS:
        raise ArgosyError(f"{part!r}: a latency needs its unit: us, ms or s.")
    return Guard(name, sign, value * _MILLISECONDS[unit])
