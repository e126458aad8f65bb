"""What `script/bench invoke` found out, as plain values, and whether it is enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import ratio
from bench.steady import Steady
from bench.wrk import Load

CONNECTIONS = (1, 32, 128)
HEADLINE_CONNECTIONS = 32


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One serving stack: its loads, or the reason why there are none."""

    name: str
    title: str
    loads: tuple[Load, ...] = ()
    steady: Steady | None = None
    reason: str = ""

    def at(self, connections: int) -> Load | None:
        return next((load for load in self.loads if load.connections == connections), None)

    @property
    def highest(self) -> float:
        """Most requests a second of all its loads; 0 when there are none."""
        return max((load.per_second for load in self.loads), default=0.0)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A target, what came of it, and whether that is enough; None when it was not measured."""

    target: str
    got: str
    passed: bool | None

    @property
    def word(self) -> str:
        return {True: "pass", False: "miss", None: "not measured"}[self.passed]


def against(ours: Measured, peer: Measured, connections: int) -> float | None:
    """Our requests a second over the peer's at as many connections."""
    mine, theirs = ours.at(connections), peer.at(connections)
    if mine is None or theirs is None:
        return None
    return ratio(mine.per_second, theirs.per_second)


def at_least(what: str, wanted: float, got: float | None, unit: str) -> Verdict:
    """A target that more is better for."""
    text = f"{what} ≥ {wanted:g}{unit}"
    if got is None:
        return Verdict(target=text, got="-", passed=None)
    return Verdict(target=text, got=f"{got:.2f}{unit}", passed=got >= wanted)


def at_most(what: str, wanted: float, got: float | None, unit: str) -> Verdict:
    """A target that less is better for."""
    text = f"{what} ≤ {wanted:g} {unit}"
    if got is None:
        return Verdict(target=text, got="-", passed=None)
    return Verdict(target=text, got=f"{got:.2f} {unit}", passed=got <= wanted)


def verdicts(ours: Measured, peers: Sequence[Measured], predict_us: float) -> list[Verdict]:
    """The targets of an endpoint for invocations, each against every row it is about.

    Requests per second are compared at `HEADLINE_CONNECTIONS`.
    """
    wanted = {"mosec": 4.0, "ray_serve": 50.0, "nginx": 0.5}
    found = [
        at_least(
            f"{ours.title}: requests/s over {peer.title}",
            wanted[family],
            against(ours, peer, HEADLINE_CONNECTIONS),
            "×",
        )
        for peer in peers
        if (family := _family(peer.name)) in wanted
    ]
    single = ours.at(1)
    over = single.p50_us - predict_us if single else None
    late = ours.steady.p99_us / 1000 if ours.steady else None
    found.append(at_most(f"{ours.title}: p50 over predict, 1 connection", 200, over, "µs"))
    found.append(at_most(f"{ours.title}: p99 at 70 % of the highest load", 5, late, "ms"))
    if any(load.failed for load in ours.loads) or (ours.steady and ours.steady.failed):
        found.append(Verdict(target=f"{ours.title}: no request fails", got="some", passed=False))
    return found


def _family(name: str) -> str:
    return name.partition("-")[0]
