"""The routing table, built from endpoints and their instances. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from argosy.ground.instances import Instance
from argosy.ground.routes import (
    ContainerEntry,
    EndpointEntry,
    InstanceEntry,
    KeyEntry,
    RoutingTable,
    VariantEntry,
    endpoint_key,
)
from argosy.state.endpoints import (
    Deployment,
    EndpointDocument,
    VariantIntent,
    container_names,
    containers_of,
    variant_config,
)


@dataclass(frozen=True)
class Routed:
    """An endpoint as it shall be routed: its planned state and who of its fleet takes requests."""

    account: str
    region: str
    status: str
    document: EndpointDocument
    serving: list[Instance]


def build(
    version: int, keys: dict[str, KeyEntry], endpoints: Iterable[Routed], timeout_s: float
) -> RoutingTable:
    """The table for all edges. `timeout_s`: how long a model may take to answer."""
    return {
        "version": version,
        "keys": keys,
        "endpoints": {
            endpoint_key(e.account, e.region, e.document["name"]): _entry(e, timeout_s)
            for e in endpoints
        },
    }


def _entry(endpoint: Routed, timeout_s: float) -> EndpointEntry:
    live = endpoint.document["live"]
    if live is None:
        return {"status": endpoint.status, "config": "", "variants": []}
    serving = [i for i in endpoint.serving if i.spec.deployment == live["id"]]
    return {
        "status": endpoint.status,
        "config": live["config_name"],
        "variants": [_variant(live, v, serving, timeout_s) for v in live["variants"]],
    }


def _variant(
    live: Deployment, intent: VariantIntent, serving: list[Instance], timeout_s: float
) -> VariantEntry:
    model = live["models"][variant_config(live, intent["name"])["ModelName"]]
    return {
        "name": intent["name"],
        "weight": intent["weight"],
        "containers": _containers(model),
        "direct": (model.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct",
        "timeout_s": timeout_s,
        "instances": [_instance(i) for i in serving if i.spec.variant == intent["name"]],
    }


def _containers(model: dict[str, Any]) -> list[ContainerEntry]:
    return [
        {"name": name, "multi_model": container.get("Mode") == "MultiModel"}
        for name, container in zip(container_names(model), containers_of(model), strict=True)
    ]


def _instance(instance: Instance) -> InstanceEntry:
    return {
        "id": instance.spec.instance_id,
        "addresses": list(instance.state.addresses),
        "zone": instance.spec.zone,
    }
