"""What is published as time goes by, whether requests come or not.

Zeros of what had no traffic, requests in flight, loaded models, backlogs of asynchronous requests.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.control.measuring import catalogue as of
from argosy.control.measuring.catalogue import Kind
from argosy.control.measuring.publishing import Moment, Owner
from argosy.ground.routes import (
    SERVING_STATUSES,
    EndpointEntry,
    RoutingTable,
    VariantEntry,
    with_shadows,
)
from argosy.telemetry.metrics import Datum, Sample

CONCURRENCY_S = 10.0
_QUEUE = (of.BACKLOG, of.BACKLOG_PER_INSTANCE, of.OLDEST, of.WITHOUT_CAPACITY)

Fleet = tuple[str, str]
"""An endpoint's key, and a variant's or component's name."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The asynchronous requests of one endpoint, by the names of their metrics."""

    key: str
    figures: Mapping[str, float]


class Step:
    """Tells when a period of `length` seconds is about to end; once for each."""

    def __init__(self, length: float) -> None:
        self._length = length
        self._done: int | None = None

    def passed(self, now: float, ahead: float) -> float | None:
        """When the period began that ends before this is asked again, in about `ahead` seconds.

        None while it goes on, and the first time, when it is not known what was before.
        """
        period = int((now + ahead) // self._length) - 1
        before, self._done = self._done, period
        return None if before is None or period == before else period * self._length


@dataclass(slots=True)
class _Flight:
    """Requests of a fleet in flight since the last time it was asked."""

    busy_us: int = 0
    peaks: dict[str, int] = field(default_factory=dict)
    """By edge."""


class Steady:
    """Remembers what was counted lately, and says what is due."""

    def __init__(self, period: float) -> None:
        """period: seconds of one period of the scaling rules."""
        self.period = max(1, int(period))
        self.concurrency_s = min(CONCURRENCY_S, self.period)
        self.resolution = 60 if self.period >= 60 else 1
        self._flights: dict[Fleet, _Flight] = {}
        self._active: set[Fleet] = set()
        self._loaded: dict[Fleet, dict[str, int]] = {}
        self._step = Step(self.period)
        self._flight_step = Step(self.concurrency_s)

    def take(self, line: Mapping[str, Any], source: str) -> None:
        """One edge's line of a fleet."""
        fleet = (line["endpoint"], line["variant"])
        if line.get("part"):
            return
        if line.get("invocations"):
            self._active.add(fleet)
        if line.get("peak") or line.get("busy_us"):
            flight = self._flights.setdefault(fleet, _Flight())
            flight.busy_us += line["busy_us"]
            flight.peaks[source] = max(flight.peaks.get(source, 0), line["peak"])
        if line.get("models"):
            self._loaded.setdefault(fleet, {}).update(line["models"]["loaded"])

    def due(
        self, now: float, ahead: float, table: RoutingTable, queues: Callable[[], Iterable[Queue]]
    ) -> list[Datum]:
        """What is to be published now. `ahead`: seconds until this is asked the next time: what
        belongs to a period is published just before it ends."""
        data: list[Datum] = []
        start = self._flight_step.passed(now, ahead)
        if start is not None:
            data += self._concurrency(Moment(start, 1), table)
        start = self._step.passed(now, ahead)
        if start is not None:
            moment = Moment(start, self.resolution)
            data += self._zeros(moment, table)
            data += self._models(moment, table)
            data += [datum for queue in queues() for datum in backlog(queue, moment)]
        return data

    def _concurrency(self, moment: Moment, table: RoutingTable) -> Iterator[Datum]:
        flights, self._flights = self._flights, {}
        for key, entry, names in _served(table):
            owner = Owner.of_key(key)
            for name, fleets in names.items():
                flight = flights.get((key, name), _Flight())
                n = max(sum(len(one["instances"]) for one in fleets), 1)
                mean = flight.busy_us / 1e6 / self.concurrency_s / n
                most = max(sum(flight.peaks.values()) / n, mean)
                sample = Sample(1, mean, mean, most) if most > mean else Sample.of(mean)
                kind, dims = _named(entry, owner, name, _CONCURRENT)
                yield moment.datum(owner, kind, dims, sample)

    def _zeros(self, moment: Moment, table: RoutingTable) -> Iterator[Datum]:
        active, self._active = self._active, set()
        for key, entry, names in _served(table):
            owner = Owner.of_key(key)
            for name in names:
                if (key, name) not in active:
                    kind, dims = _named(entry, owner, name, _SHARES)
                    yield moment.datum(owner, kind, dims, Sample.of(0))

    def _models(self, moment: Moment, table: RoutingTable) -> Iterator[Datum]:
        there = {
            (key, name): {i["id"] for one in fleets for i in one["instances"]}
            for key, _, names in _served(table)
            for name, fleets in names.items()
        }
        for fleet, loaded in list(self._loaded.items()):
            known = {i: n for i, n in loaded.items() if i in there.get(fleet, ())}
            if not known:
                del self._loaded[fleet]
                continue
            self._loaded[fleet] = known
            owner = Owner.of_key(fleet[0])
            dims = {"EndpointName": owner.endpoint, "VariantName": fleet[1]}
            sample = Sample.of_values([float(count) for count in known.values()])
            yield moment.datum(owner, of.LOADED_MODELS, dims, sample)


def backlog(queue: Queue, moment: Moment) -> Iterator[Datum]:
    """The four metrics of an asynchronous endpoint's queue."""
    owner = Owner.of_key(queue.key)
    dims = {"EndpointName": owner.endpoint}
    for kind in _QUEUE:
        yield moment.datum(owner, kind, dims, Sample.of(float(queue.figures[kind.name])))


_SHARES = (of.PER_INSTANCE, of.PER_COPY)
_CONCURRENT = (of.CONCURRENT_PER_MODEL, of.CONCURRENT_PER_COPY)


def _named(
    entry: EndpointEntry, owner: Owner, name: str, kinds: tuple[Kind, Kind]
) -> tuple[Kind, dict[str, str]]:
    """Of two kinds, that of variants or that of components, with its dimensions."""
    if entry.get("by_component"):
        return kinds[1], {"InferenceComponentName": name}
    return kinds[0], {"EndpointName": owner.endpoint, "VariantName": name}


def _served(
    table: RoutingTable,
) -> Iterator[tuple[str, EndpointEntry, dict[str, list[VariantEntry]]]]:
    """(key, entry, variant → its fleets) of the endpoints that are invoked and answer."""
    for key, entry in table["endpoints"].items():
        if entry["status"] in SERVING_STATUSES and "asynchronous" not in entry:
            names: dict[str, list[VariantEntry]] = {}
            for one in with_shadows(entry):
                names.setdefault(one["name"], []).append(one)
            yield key, entry, names
