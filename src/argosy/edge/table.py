"""The routing table in the form that answers questions quickly."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from argosy.edge import choose
from argosy.edge.library import LibraryLink
from argosy.edge.link import Link
from argosy.edge.metrics import Counters, Metrics
from argosy.edge.models import Models
from argosy.edge.recorder import Capture, capture_for
from argosy.ground.names import component_log_group, endpoint_log_group
from argosy.ground.routes import (
    SERVING_STATUSES,
    AsyncEntry,
    EndpointEntry,
    KeyEntry,
    RoutingTable,
    VariantEntry,
)

_HEADS = 256


@dataclass(slots=True)
class Variant:
    """A production variant and the links to its instances."""

    name: str
    """Or the inference component's."""
    endpoint_key: str
    container: str
    timeout_s: float
    links: list[Link]
    counters: Counters
    turn: int = 0
    heads: dict[bytes, bytes] = field(default_factory=dict)
    """Heads of answers, by the frame's head: the same model says the same thing each time."""
    plain: bool = True
    """One container with one model, and nothing besides: the usual way is enough."""
    simple: bool = True
    """One container with one model."""
    shadow: "Variant | None" = None
    """Who gets copies of its requests."""
    copied: float = 0.0
    """The share of requests that the shadow gets copies of."""
    capture: Capture | None = None
    """What is written down of its requests and answers."""
    chains: list[list[Link]] = field(default_factory=list)
    """For a pipeline: each instance's links, container by container."""
    stages: list[str] = field(default_factory=list)
    """For a pipeline: the containers' names."""
    stage_counters: list[Counters] = field(default_factory=list)
    """For a pipeline: what each container takes part in."""
    models: Models | None = None
    """For a container of many models: where they are."""
    hold: bool = False
    """It may have no instance: requests wait until one is started (`edge.holding`)."""
    wants_model: bool = False
    """TargetModel has to be given."""
    component_of: str = ""
    """For an inference component: its production variant."""
    copies: int = 1
    """For an inference component: how many are asked for."""
    containers: "dict[str, Variant]" = field(default_factory=dict)
    """For direct invocation: each container as if it were the only one."""

    share: float = 1.0
    """Of two fleets: what this one has of all requests."""
    newer: bool = False
    """Of two fleets: the one that is taking over."""
    twin: "Variant | None" = None
    """Of two fleets: who takes over in the other one where this one cannot."""

    @property
    def production_variant(self) -> str:
        """What the client is told as InvokedProductionVariant."""
        return self.component_of or self.name

    @property
    def log_group(self) -> str:
        if self.component_of:
            return component_log_group(self.name)
        return endpoint_log_group(self.endpoint_key.split("/", 2)[2])

    def asked_like(self, other: "Variant") -> bool:
        """Whether a request for this one is understood by the other one."""
        return (self.wants_model, bool(self.containers)) == (
            other.wants_model,
            bool(other.containers),
        )

    def every_counters(self) -> Iterator[Counters]:
        yield self.counters
        yield from self.stage_counters
        for container in self.containers.values():
            yield container.counters

    def every_link(self) -> Iterator[Link]:
        yield from self.links
        for chain in self.chains:
            yield from chain[1:]
        for container in self.containers.values():
            yield from container.links

    def with_shadow(self) -> "list[Variant]":
        """Itself, and its shadow if it has one."""
        return [self] if self.shadow is None else [self, self.shadow]

    def pick(self, limit: int) -> Link | None:
        """The instance with least to do; None when all are away or have `limit` open requests.

        `is_there` tells the two apart.
        """
        links = self.links
        if len(links) == 1:
            link = links[0]
            return link if link.ready and len(link.pending) < limit else None
        self.turn += 1
        loads = [link.load if link.ready else choose.UNAVAILABLE for link in links]
        index = choose.least_loaded(loads, self.turn)
        return links[index] if index is not None and loads[index] < limit else None

    def pick_chain(self, limit: int) -> list[Link] | None:
        """For a pipeline: the links of the instance with least to do, as `pick` does."""
        self.turn += 1
        loads = [
            sum(link.load for link in chain)
            if all(link.ready for link in chain)
            else choose.UNAVAILABLE
            for chain in self.chains
        ]
        index = choose.least_loaded(loads, self.turn)
        return self.chains[index] if index is not None and loads[index] < limit else None

    def is_there(self) -> bool:
        """True when an instance is connected, however busy."""
        return any(link.ready for link in self.links)

    def keep_head(self, frame_head: bytes, head: bytes) -> bytes:
        if len(self.heads) >= _HEADS:
            self.heads.clear()
        self.heads[frame_head] = head
        return head


@dataclass(slots=True)
class Endpoint:
    """An endpoint, whether it serves or not."""

    key: str
    name: str
    account: str
    region: str
    status: str
    serving: bool
    variants: list[Variant]
    by_name: dict[str, Variant]
    wheel: choose.Wheel[Variant]
    by_component: bool = False
    """Inference components stand in for variants; InferenceComponentName chooses."""
    asynchronous: AsyncEntry | None = None
    """Requests are accepted for its queue, and only so."""

    def named(self, name: str, dice: float) -> Variant | None:
        """The variant of that name; of two fleets that have one, as their shares say."""
        found = self.by_name.get(name)
        twin = None if found is None else found.twin
        if found is None or twin is None or twin.name != name:
            return found
        return twin if dice < twin.share else found


@dataclass(slots=True)
class Table:
    """Everything an edge knows of endpoints and keys."""

    version: int = -1
    keys: Mapping[str, KeyEntry] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    notified: Mapping[str, str] = field(default_factory=dict)
    """Account by bucket that has a notification configuration."""

    def variant(self, endpoint_key: str, name: str, container: str = "") -> Variant | None:
        """The variant as it is now, or that container of it where containers are asked directly."""
        endpoint = self.endpoints.get(endpoint_key)
        variant = None if endpoint is None else endpoint.by_name.get(name)
        if variant is None or not variant.containers:
            return variant
        return variant.containers.get(container)


LinkOf = Callable[[str, str, bool], Link]
"""(instance, address, whether it serves many models) → its link."""


def compile_table(raw: RoutingTable, link_of: LinkOf, metrics: Metrics) -> Table:
    """Raises KeyError, TypeError or ValueError when it is not a routing table."""
    return Table(
        version=int(raw["version"]),
        keys=dict(raw["keys"]),
        endpoints={
            key: _endpoint(key, entry, link_of, metrics) for key, entry in raw["endpoints"].items()
        },
        notified=dict(raw.get("notified", {})),
    )


def _endpoint(key: str, entry: EndpointEntry, link_of: LinkOf, metrics: Metrics) -> Endpoint:
    account, region, name = key.split("/", 2)
    variants = [
        _variant(key, {"config": entry["config"], **variant}, link_of, metrics)
        for variant in entry["variants"]
    ]
    if any("newer" in variant for variant in entry["variants"]):
        _pair(entry["variants"], variants)
    by_component = entry.get("by_component", False)
    asynchronous = entry.get("asynchronous")
    closed = by_component or asynchronous is not None
    weights = [0.0 if closed else float(v["weight"]) for v in entry["variants"]]
    return Endpoint(
        key=key,
        name=name,
        account=account,
        region=region,
        status=entry["status"],
        serving=entry["status"] in SERVING_STATUSES,
        variants=variants,
        by_name={variant.name: variant for variant in reversed(variants)},
        wheel=choose.Wheel(variants, weights),
        by_component=by_component,
        asynchronous=asynchronous,
    )


def _variant(key: str, entry: VariantEntry, link_of: LinkOf, metrics: Metrics) -> Variant:
    given = entry["containers"]
    many = [container["multi_model"] for container in given]
    chains = [
        [link_of(instance["id"], *pair) for pair in zip(instance["addresses"], many, strict=True)]
        for instance in entry["instances"]
    ]
    limits = [float(container.get("timeout_s", entry["timeout_s"])) for container in given]
    names = [container["name"] for container in given]
    direct = len(names) > 1 and entry["direct"]
    fleet = (key, entry["name"], entry["config"])
    counters = [metrics.of(*fleet, name if direct else "") for name in names]
    for chain in chains:
        for link, limit, its in zip(chain, limits, counters, strict=True):
            link.timeout_s = limit
            if isinstance(link, LibraryLink):
                link.counters = its
    component_of = entry.get("production_variant", "")
    shadow = _shadow(key, entry, link_of, metrics)
    capture = _capture(key, entry)
    plain = shadow is None and capture is None
    parts = [
        _with_models(
            Variant(
                entry["name"],
                key,
                name,
                limits[i],
                [chain[i] for chain in chains],
                counters[i],
                plain=plain,
                component_of=component_of,
                copies=entry.get("copies", 1),
                hold=entry.get("hold", False),
                shadow=shadow.containers.get(name) if shadow and entry["direct"] else shadow,
                copied=float(entry["shadow"]["weight"]) if shadow else 0.0,
                capture=capture,
            ),
            many[i],
        )
        for i, name in enumerate(names)
    ]
    first = parts[0]
    if direct:
        containers = dict(zip(names, parts, strict=True))
        first = replace(first, plain=False, simple=False, containers=containers, shadow=shadow)
    elif len(parts) > 1:
        wants = any(many)
        first = replace(
            first,
            plain=False,
            simple=False,
            chains=chains,
            stages=names,
            stage_counters=[metrics.of(*fleet, name, part=True) for name in names],
            wants_model=wants,
        )
    return first


def _pair(entries: list[VariantEntry], variants: list[Variant]) -> None:
    """Two fleets: each variant learns who stands in for it in the other one: that of its name, else
    the one with the largest share, if it is invoked in the same way."""
    fleets: dict[bool, list[tuple[float, Variant]]] = {False: [], True: []}
    for entry, variant in zip(entries, variants, strict=True):
        variant.share, variant.newer = entry.get("share", 1.0), entry.get("newer", False)
        fleets[variant.newer].append((entry["weight"], variant))
    for variant in variants:
        others = fleets[not variant.newer]
        twin = max(others, key=lambda one: (one[1].name == variant.name, one[0]))[1]
        if variant.asked_like(twin):
            variant.twin = twin
            for name, container in variant.containers.items():
                container.newer, container.twin = variant.newer, twin.containers.get(name)


def _shadow(key: str, entry: VariantEntry, link_of: LinkOf, metrics: Metrics) -> Variant | None:
    if "shadow" not in entry:
        return None
    return _variant(key, {"config": entry["config"], **entry["shadow"]}, link_of, metrics)


def _capture(key: str, entry: VariantEntry) -> Capture | None:
    if "capture" not in entry:
        return None
    return capture_for(entry["capture"], key.split("/", 2)[2], entry["name"])


def _with_models(variant: Variant, many: bool) -> Variant:
    """The variant, or the same with its models if its container has many."""
    if not many:
        return variant
    models = Models([link for link in variant.links if isinstance(link, LibraryLink)])
    return replace(variant, plain=False, simple=False, wants_model=True, models=models)
