"""What watches over updates under way: alarms, guards on what the new fleet does, and a clock that
does not jump.

What the edges count of a new fleet is summed up step by step, in memory: after a restart the step
that is under way is judged by what is counted from then on. It decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from argosy.control.rollout import Signals
from argosy.ground import guards
from argosy.ground.clock import Clock, SteadyClock
from argosy.ground.guards import Measured
from argosy.ground.routes import endpoint_key
from argosy.state.alarms import states_of
from argosy.state.endpoints import production
from argosy.state.records import Record, Records
from argosy.telemetry.sketch import Sketch, merge, percentile, value_of

_KEPT_S = 60.0


@dataclass
class _Counted:
    """What a new fleet did since its step began."""

    step: tuple[str, int]
    """The deployment's id and the step's number."""
    config: str
    variants: frozenset[str]
    """Those that answer: what its shadow does is nobody's experience."""
    looked: float = 0.0
    """When somebody last asked for it."""
    calls: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    latency: Sketch = field(default_factory=dict)
    """Of the model, in microseconds."""

    def is_of(self, line: dict[str, Any]) -> bool:
        return line.get("config") == self.config and line["variant"] in self.variants

    def add(self, line: dict[str, Any]) -> None:
        self.calls += int(line.get("invocations", 0))
        self.errors_4xx += int(line.get("errors_4xx", 0))
        self.errors_5xx += int(line.get("errors_5xx", 0))
        self.latency = merge([self.latency, line.get("model_latency") or {}])

    def measured(self) -> Measured:
        return Measured(self.calls, self.errors_4xx, self.errors_5xx, self._milliseconds)

    def _milliseconds(self, share: float | None) -> float | None:
        found = _average(self.latency) if share is None else percentile(self.latency, share)
        return None if found is None else found / 1000.0


class Watch:
    """Looks for one endpoint at a time, as often as it is decided upon."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = SteadyClock(clock)
        self._counted: dict[str, _Counted] = {}

    def take(self, lines: Iterable[dict[str, Any]]) -> None:
        """What an edge tells of each fleet since the last time (`argosy.edge.metrics`)."""
        for line in lines if self._counted else ():
            counted = self._counted.get(line["endpoint"])
            if counted is not None and not line.get("part") and counted.is_of(line):
                counted.add(line)

    def __call__(self, record: Record) -> Signals:
        """What is to be known of the rollout of this endpoint; an alarm that was deleted since
        the update began says nothing any more."""
        rollout = record.document["rollout"]
        states = states_of(self._records, record.account, record.region, rollout["alarms"])
        measured, complaint = self._of_step(record), ""
        for text in rollout["guards"]:
            complaint = complaint or guards.parse(text).complaint(measured)
        return Signals(alarms=states, complaint=complaint, at=self._clock.now())

    def _of_step(self, record: Record) -> Measured:
        """What the new fleet did in this step; what it did in another one is forgotten."""
        document, key = record.document, _key(record)
        step = (document["pending"]["id"], document["rollout"]["step"])
        counted = self._counted.get(key)
        if counted is None or counted.step != step:
            answering = frozenset(one["name"] for one in production(document["pending"]))
            counted = _Counted(step, document["pending"]["config_name"], answering)
            self._counted = {**self._of_late(), key: counted}
        counted.looked = self._clock.now()
        return counted.measured()

    def _of_late(self) -> dict[str, _Counted]:
        """Only endpoints that are still looked at."""
        oldest = self._clock.now() - _KEPT_S
        return {key: one for key, one in self._counted.items() if one.looked >= oldest}

    def report(self, record: Record) -> dict[str, Any] | None:
        """Where an update is, for `argosy status`; None without one. JSON-ready; seconds,
        milliseconds, and shares from 0 to 1."""
        document = record.document
        pending, rollout = document["pending"], document.get("rollout")
        if pending is None or document["live"] is None:
            return None
        told = {"from": document["live"]["config_name"], "to": pending["config_name"]}
        if not rollout:
            return {**told, "phase": "growing", "share": 0.0, "steps": [1.0], "step": 0}
        step, measured = rollout["steps"][rollout["step"]], self._of_step(record)
        left = rollout["since"] + step["wait"] - self._clock.now()
        return {
            **told,
            "phase": rollout["phase"],
            "share": rollout["share"],
            "step": rollout["step"],
            "steps": [one["share"] for one in rollout["steps"]],
            "left_s": round(max(0.0, left), 1) if rollout["phase"] == "baking" else None,
            "rolling": rollout["rolling"],
            "alarms": rollout["alarms"],
            "guards": rollout["guards"],
            "measured": {
                "calls": measured.calls,
                "errors_4xx": measured.errors_4xx,
                "errors_5xx": measured.errors_5xx,
                "p50_ms": measured.of("p50"),
                "p99_ms": measured.of("p99"),
            },
        }


def _key(record: Record) -> str:
    return endpoint_key(record.account, record.region, record.document["name"])


def _average(latency: Sketch) -> float | None:
    """Microseconds; None for no values."""
    count = sum(latency.values())
    return sum(value_of(bucket) * n for bucket, n in latency.items()) / count if count else None
