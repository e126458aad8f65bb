"""Variants and components that have no instance, or may have none. Pure."""

from collections.abc import Collection, Iterator
from typing import Any

from argosy.state.endpoints import EndpointDocument, variant_config
from argosy.state.scaling import component_resource, variant_resource

Resource = tuple[str, str, str]
"""Account, region and ResourceId of a scalable target."""

_LATELY_S = 60.0


def elastic(
    account: str, region: str, document: EndpointDocument, may_be_empty: Collection[Resource]
) -> frozenset[str]:
    """The names of an endpoint's variants that may go down to nothing, or a component's own."""
    name = document["name"]
    if not may_be_empty:
        return frozenset()
    if "component_of" in document:
        return frozenset(
            [name] if (account, region, component_resource(name)) in may_be_empty else []
        )
    deployments = filter(None, (document["live"], document["pending"]))
    names = [variant["name"] for one in deployments for variant in one["variants"]]
    return frozenset(
        one for one in names if (account, region, variant_resource(name, one)) in may_be_empty
    )


def models_in_use(document: EndpointDocument, unchanged_s: float) -> Iterator[dict[str, Any]]:
    """The models that some instance serves or is to serve. A variant at zero keeps nothing warm,
    but for a moment after the endpoint's last change: its next first instance shall find a warm
    worker, which goes when it was not used for long."""
    rests = unchanged_s > _LATELY_S
    for deployment in filter(None, (document["live"], document["pending"])):
        for variant in deployment["variants"]:
            name = variant_config(deployment, variant["name"]).get("ModelName")
            if name and (variant["count"] or not rests):
                yield deployment["models"][name]
