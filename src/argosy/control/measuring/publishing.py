"""What counted lines mean as metrics. Pure: lines and the routing table in, data out.

A line is what `argosy.edge.metrics` tells of one fleet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.control.measuring import catalogue as of
from argosy.control.measuring.catalogue import Kind
from argosy.ground.routes import EndpointEntry, VariantEntry, with_shadows
from argosy.telemetry.metrics import Datum, Metric, Sample
from argosy.telemetry.metrics.buckets import key_of
from argosy.telemetry.metrics.sample import MOST_EXACT, roughened
from argosy.telemetry.sketch import value_of

_DEPLOYING = frozenset({"Updating", "SystemUpdating", "RollingBack"})
_ERRORS = {
    "errors_4xx": of.ERRORS_4XX,
    "errors_5xx": of.ERRORS_5XX,
    "model_errors": of.MODEL_ERRORS,
}
_MODEL_TIMES = {
    "waiting": of.LOADING_WAIT,
    "downloading": of.DOWNLOADING,
    "loading": of.LOADING,
    "unloading": of.UNLOADING,
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose metrics they are."""

    account: str
    region: str
    endpoint: str

    @classmethod
    def of_key(cls, key: str) -> "Owner":
        """By an endpoint's key in the routing table."""
        account, region, endpoint = key.split("/", 2)
        return cls(account, region, endpoint)

    def metric(self, kind: Kind, dimensions: Mapping[str, str]) -> Metric:
        pairs = tuple(sorted(dimensions.items()))
        return Metric(self.account, self.region, kind.namespace, kind.name, pairs)


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and how finely."""

    at: float
    resolution: int

    def datum(self, owner: Owner, kind: Kind, dims: Mapping[str, str], sample: Sample) -> Datum:
        return Datum(owner.metric(kind, dims), self.at, sample, kind.unit, self.resolution)


def published(
    line: Mapping[str, Any], entry: EndpointEntry | None, moment: Moment
) -> Iterator[Datum]:
    """The data of one line. `entry`: the endpoint as the edges have it now, if they do."""
    owner = Owner.of_key(line["endpoint"])
    container = line.get("container") or ""
    component = _component(line, entry)
    variant = component.get("production_variant", "") if component else line["variant"]
    dims = {"EndpointName": owner.endpoint, "VariantName": variant}
    if line.get("part"):
        yield from _container(line, owner, {**dims, "ContainerName": container}, moment)
        return
    yield from _requests(line, owner, dims, moment)
    yield from _models(line, owner, dims, moment)
    if component:
        own = {"InferenceComponentName": line["variant"]}
        yield from _requests(line, owner, own, moment)
        yield from _share(line, owner, of.PER_COPY, own, len(component["instances"]), moment)
        return
    n = instances_of(entry, line["variant"])
    yield from _share(line, owner, of.PER_INSTANCE, dims, n, moment)
    if container:
        yield from _container(line, owner, {**dims, "ContainerName": container}, moment)
    if line.get("config") and entry is not None and entry["status"] in _DEPLOYING:
        of_fleet = {**dims, "EndpointConfigName": line["config"]}
        yield from _requests(line, owner, of_fleet, moment)
        n = instances_of(entry, line["variant"], line["config"])
        yield from _share(line, owner, of.PER_INSTANCE, of_fleet, n, moment)


def instances_of(entry: EndpointEntry | None, variant: str, config: str = "") -> int:
    """Instances in service of a variant, or of one fleet of it."""
    if entry is None:
        return 0
    return sum(
        len(one["instances"])
        for one in with_shadows(entry)
        if one["name"] == variant and config in ("", one["config"])
    )


def _component(line: Mapping[str, Any], entry: EndpointEntry | None) -> VariantEntry | None:
    if entry is None or not entry.get("by_component"):
        return None
    return next((one for one in entry["variants"] if one["name"] == line["variant"]), None)


def _requests(
    line: Mapping[str, Any], owner: Owner, dims: Mapping[str, str], moment: Moment
) -> Iterator[Datum]:
    """What is told of every request."""
    if line.get("invocations"):
        yield moment.datum(owner, of.INVOCATIONS, dims, Sample.of(1, line["invocations"]))
        for name, kind in _ERRORS.items():
            yield moment.datum(owner, kind, dims, share_of(line[name], line["invocations"]))
    for name, kind in (("model", of.MODEL_LATENCY), ("overhead", of.OVERHEAD_LATENCY)):
        if line.get(f"{name}_latency"):
            yield moment.datum(owner, kind, dims, latency(line, name))


def _share(
    line: Mapping[str, Any],
    owner: Owner,
    kind: Kind,
    dims: Mapping[str, str],
    instances: int,
    moment: Moment,
) -> Iterator[Datum]:
    if line.get("invocations"):
        share = 1 / max(instances, 1)
        yield moment.datum(owner, kind, dims, Sample.of(share, line["invocations"]))


def _container(
    line: Mapping[str, Any], owner: Owner, dims: Mapping[str, str], moment: Moment
) -> Iterator[Datum]:
    """What is told of each container."""
    if line.get("model_latency"):
        yield moment.datum(owner, of.CONTAINER_LATENCY, dims, latency(line, "model"))
    if line.get("part"):
        return
    for datum in _requests(line, owner, dims, moment):
        if datum.metric.name not in (of.MODEL_LATENCY.name, of.MODEL_ERRORS.name):
            yield datum


def _models(
    line: Mapping[str, Any], owner: Owner, dims: Mapping[str, str], moment: Moment
) -> Iterator[Datum]:
    """What became of the models of a fleet that has many."""
    models = line.get("models")
    if not models:
        return
    asked = models["hits"] + models["misses"]
    if asked:
        yield moment.datum(owner, of.CACHE_HIT, dims, share_of(models["hits"], asked))
    for name, kind in _MODEL_TIMES.items():
        if models.get(name):
            yield moment.datum(owner, kind, dims, of_buckets(models[name], None))


def share_of(some: int, all_of_them: int) -> Sample:
    """A value of 1 for some, and of 0 for the others."""
    some = min(some, all_of_them)
    values = [(1.0, some), (0.0, all_of_them - some)]
    told = [(value, count) for value, count in values if count]
    return Sample.of_values([value for value, _ in told], [count for _, count in told])


def latency(line: Mapping[str, Any], name: str, unit: float = 1.0) -> Sample:
    """The durations of a line: {name}_latency, with their sum and extremes in {name}_us."""
    return of_buckets(line[f"{name}_latency"], line.get(f"{name}_us"), unit)


def of_buckets(buckets: Mapping[Any, int], known: list[int] | None, unit: float = 1.0) -> Sample:
    """A sample from buckets of `telemetry.sketch`, whose keys may be texts.

    known: [sum, smallest, largest] where they are known better; unit: what the values, which are
    microseconds, are divided by.
    """
    values = {value_of(int(bucket)): count for bucket, count in buckets.items()}
    total = sum(value * count for value, count in values.items())
    total, low, high = known or (total, min(values), max(values))
    sketch = {key_of(value / unit): count for value, count in values.items()}
    is_rough = len(sketch) > MOST_EXACT
    return Sample(
        count=sum(values.values()),
        total=total / unit,
        minimum=low / unit,
        maximum=high / unit,
        sketch=roughened(sketch) if is_rough else sketch,
        rough=is_rough,
    )
