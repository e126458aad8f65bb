"""The routing table in the form that answers questions quickly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from argosy.edge import choose
from argosy.edge.link import Link
from argosy.edge.metrics import Counters, Metrics
from argosy.ground.routes import (
    SERVING_STATUSES,
    EndpointEntry,
    InstanceEntry,
    KeyEntry,
    RoutingTable,
    VariantEntry,
)

_HEADS = 256


@dataclass(slots=True)
class Variant:
    """A production variant and the links to its instances."""

    name: str
    endpoint_key: str
    container: str
    timeout_s: float
    links: list[Link]
    counters: Counters
    turn: int = 0
    heads: dict[bytes, bytes] = field(default_factory=dict)
    """Heads of answers, by the frame's head: the same model says the same thing each time."""

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


@dataclass(slots=True)
class Table:
    """Everything an edge knows of endpoints and keys."""

    version: int = -1
    keys: Mapping[str, KeyEntry] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    def variant(self, endpoint_key: str, name: str) -> Variant | None:
        """The variant as it is now."""
        endpoint = self.endpoints.get(endpoint_key)
        return None if endpoint is None else endpoint.by_name.get(name)


LinkOf = Callable[[InstanceEntry], Link]


def compile_table(raw: RoutingTable, link_of: LinkOf, metrics: Metrics) -> Table:
    """Raises KeyError, TypeError or ValueError when it is not a routing table."""
    return Table(
        version=int(raw["version"]),
        keys=dict(raw["keys"]),
        endpoints={
            key: _endpoint(key, entry, link_of, metrics) for key, entry in raw["endpoints"].items()
        },
    )


def _endpoint(key: str, entry: EndpointEntry, link_of: LinkOf, metrics: Metrics) -> Endpoint:
    account, region, name = key.split("/", 2)
    variants = [_variant(key, variant, link_of, metrics) for variant in entry["variants"]]
    weights = [float(variant["weight"]) for variant in entry["variants"]]
    return Endpoint(
        key=key,
        name=name,
        account=account,
        region=region,
        status=entry["status"],
        serving=entry["status"] in SERVING_STATUSES,
        variants=variants,
        by_name={variant.name: variant for variant in variants},
        wheel=choose.Wheel(variants, weights),
    )


def _variant(key: str, entry: VariantEntry, link_of: LinkOf, metrics: Metrics) -> Variant:
    links = [link_of(instance) for instance in entry["instances"]]
    for link in links:
        link.timeout_s = float(entry["timeout_s"])
    return Variant(
        name=entry["name"],
        endpoint_key=key,
        container=entry["container"],
        timeout_s=float(entry["timeout_s"]),
        links=links,
        counters=metrics.of(key, entry["name"]),
    )
