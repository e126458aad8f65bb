"""Which fleets have traffic, how much of it, and by which of their instances. Pure."""

from dataclasses import dataclass

from argosy.ground.instances import Instance
from argosy.state.endpoints import Deployment, EndpointDocument, VariantIntent, production
from argosy.state.rollouts import whole


@dataclass(frozen=True)
class Shared:
    """A fleet, and what it does of the endpoint's work."""

    deployment: Deployment
    share: float
    """Of all requests; 1 where the endpoint has one fleet."""
    instances: list[Instance]
    """Those in service that have traffic."""
    alone: bool = True
    """There is no other fleet."""
    newer: bool = False
    """It is the one that is to take over."""

    def weight_of(self, variant: VariantIntent) -> float:
        """The variant's weight among those of all fleets."""
        if self.alone:
            return variant["weight"]
        total = sum(one["weight"] for one in production(self.deployment))
        return variant["weight"] / total * self.share if total else 0.0


def fleets_of(document: EndpointDocument, serving: list[Instance]) -> list[Shared]:
    """The fleets of an endpoint that was in service once, the old one first.

    `serving`: its instances in service. The new fleet has as many of its instances at work as its
    share of traffic asks for. A fleet that has nobody for one of its variants has no traffic while
    the other one can take it.
    """
    live, pending, rollout = document["live"], document["pending"], document.get("rollout")
    assert live is not None
    old = _of(live, serving)
    if pending is None or not rollout or not rollout["share"]:
        return [Shared(live, 1.0, old)]
    share = rollout["share"]
    new = [
        instance
        for variant in pending["variants"]
        for instance in _first(pending, variant, whole(share, variant["count"]), serving)
    ]
    if not _able(pending, new):
        share = 0.0
    elif not _able(live, old):
        share = 1.0
    return [Shared(live, 1.0 - share, old, False), Shared(pending, share, new, False, True)]


def active(shared: Shared) -> list[Instance]:
    """As many of each variant's instances as its share asks for: those that pull their work."""
    if shared.alone:
        return shared.instances
    return [
        instance
        for variant in shared.deployment["variants"]
        for instance in _first(
            shared.deployment, variant, whole(shared.share, variant["count"]), shared.instances
        )
    ]


def _of(deployment: Deployment, serving: list[Instance]) -> list[Instance]:
    return [i for i in serving if i.spec.deployment == deployment["id"]]


def _first(
    deployment: Deployment, variant: VariantIntent, count: int, serving: list[Instance]
) -> list[Instance]:
    mine = [i for i in _of(deployment, serving) if i.spec.variant == variant["name"]]
    return sorted(mine, key=lambda i: (i.spec.created, i.spec.instance_id))[:count]


def _able(deployment: Deployment, instances: list[Instance]) -> bool:
    there = {instance.spec.variant for instance in instances}
    return all(one["name"] in there for one in production(deployment) if one["weight"] > 0)
