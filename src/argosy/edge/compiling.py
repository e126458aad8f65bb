"""Makes the routing table that control sends (`ground.routes`) into the one that is asked."""

from collections.abc import Callable
from dataclasses import replace

from argosy.edge import choose
from argosy.edge.library import LibraryLink
from argosy.edge.link import Link
from argosy.edge.metrics import Counters, Metrics
from argosy.edge.models import Models
from argosy.edge.recorder import Capture, capture_for
from argosy.edge.table import Endpoint, Table, Variant
from argosy.ground.routes import SERVING_STATUSES, EndpointEntry, RoutingTable, VariantEntry

LinkOf = Callable[[str, str, bool], Link]
"""(instance, address, whether it serves many models) → its link."""


def compile_table(raw: RoutingTable, link_of: LinkOf, metrics: Metrics) -> Table:
    """Raises KeyError, TypeError or ValueError when it is not a routing table."""
    variant_of = Variants(link_of, metrics)
    return Table(
        version=int(raw["version"]),
        keys=dict(raw["keys"]),
        endpoints={
            key: _endpoint(key, entry, variant_of) for key, entry in raw["endpoints"].items()
        },
        notified=dict(raw.get("notified", {})),
        notebooks=dict(raw.get("notebooks", {})),
    )


def _endpoint(key: str, entry: EndpointEntry, variant_of: "Variants") -> Endpoint:
    account, region, name = key.split("/", 2)
    variants = [
        variant_of(key, {"config": entry["config"], **variant}) for variant in entry["variants"]
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


class Variants:
    """Makes variants of their entries."""

    def __init__(self, link_of: LinkOf, metrics: Metrics) -> None:
        self._link_of = link_of
        self._metrics = metrics

    def __call__(self, key: str, entry: VariantEntry) -> Variant:
        """The variant of the endpoint of that key."""
        names = [container["name"] for container in entry["containers"]]
        chains, shadow = self._chains(entry), self._shadow(key, entry)
        parts = self._parts(key, entry, chains, shadow)
        if len(parts) == 1:
            return parts[0]
        first = replace(parts[0], plain=False, simple=False)
        if entry["direct"]:
            containers = dict(zip(names, parts, strict=True))
            return replace(first, containers=containers, shadow=shadow)
        fleet = (key, entry["name"], entry["config"])
        return replace(
            first,
            chains=chains,
            stages=names,
            stage_counters=[self._metrics.of(*fleet, name, part=True) for name in names],
            wants_model=any(container["multi_model"] for container in entry["containers"]),
        )

    def _chains(self, entry: VariantEntry) -> list[list[Link]]:
        """For each instance its links, container by container."""
        many = [container["multi_model"] for container in entry["containers"]]
        return [
            [
                self._link_of(instance["id"], address, library)
                for address, library in zip(instance["addresses"], many, strict=True)
            ]
            for instance in entry["instances"]
        ]

    def _parts(
        self, key: str, entry: VariantEntry, chains: list[list[Link]], shadow: Variant | None
    ) -> list[Variant]:
        """Each container as if it were the only one."""
        capture, parts = _capture(key, entry), []
        for place, container in enumerate(entry["containers"]):
            name = container["name"]
            limit = float(container.get("timeout_s", entry["timeout_s"]))
            part = Variant(
                entry["name"],
                key,
                name,
                limit,
                [chain[place] for chain in chains],
                self._counters(key, entry, name),
                plain=shadow is None and capture is None,
                component_of=entry.get("production_variant", ""),
                copies=entry.get("copies", 1),
                hold=entry.get("hold", False),
                shadow=shadow.containers.get(name) if shadow and entry["direct"] else shadow,
                copied=float(entry["shadow"]["weight"]) if shadow else 0.0,
                capture=capture,
            )
            _tell_links(part)
            parts.append(_with_models(part) if container["multi_model"] else part)
        return parts

    def _counters(self, key: str, entry: VariantEntry, container: str) -> Counters:
        """Those of the variant, or of the container where containers are asked directly."""
        direct = len(entry["containers"]) > 1 and entry["direct"]
        return self._metrics.of(key, entry["name"], entry["config"], container if direct else "")

    def _shadow(self, key: str, entry: VariantEntry) -> Variant | None:
        if "shadow" not in entry:
            return None
        return self(key, {"config": entry["config"], **entry["shadow"]})


def _capture(key: str, entry: VariantEntry) -> Capture | None:
    if "capture" not in entry:
        return None
    return capture_for(entry["capture"], key.split("/", 2)[2], entry["name"])


def _tell_links(part: Variant) -> None:
    """Each link learns how long to wait; where models are many, it counts for itself."""
    for link in part.links:
        link.timeout_s = part.timeout_s
        if isinstance(link, LibraryLink):
            link.counters = part.counters


def _with_models(variant: Variant) -> Variant:
    """The same with the models of its container, which has many."""
    models = Models([link for link in variant.links if isinstance(link, LibraryLink)])
    return replace(variant, plain=False, simple=False, wants_model=True, models=models)
