"""The routing table, built from endpoints and their instances. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.control.rollout.sharing import Shared, fleets_of
from argosy.ground.instances import Instance
from argosy.ground.routes import (
    SERVING_STATUSES,
    AsyncEntry,
    CaptureEntry,
    ContainerEntry,
    EndpointEntry,
    InstanceEntry,
    KeyEntry,
    NotebookEntry,
    RoutingTable,
    VariantEntry,
    endpoint_key,
)
from argosy.ground.time_limits import answer_limit_s
from argosy.runtimes.images import runtime_for
from argosy.state.endpoints import (
    Deployment,
    EndpointDocument,
    VariantIntent,
    container_names,
    containers_of,
    hosts_components,
    is_async,
    production,
    shadows,
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
    created: float = 0.0
    elastic: frozenset[str] = frozenset()
    """Names of its variants, or its own if it is a component, that may have no instance: their
    requests wait until one is started. (Those that are to have none now are, too.)"""

    @property
    def key(self) -> str:
        """The key in the table: an endpoint's own, a component's that of its endpoint."""
        of = self.document.get("component_of")
        name = of["endpoint"] if of else self.document["name"]
        return endpoint_key(self.account, self.region, name)

    @property
    def queue(self) -> str:
        """The name of its queue of asynchronous requests: another one when it is made anew."""
        return f"{self.key}/{self.created:.6f}"


def build(
    version: int,
    keys: dict[str, KeyEntry],
    routed: Iterable[Routed],
    timeout_s: float,
    notified: Mapping[str, str] | None = None,
    notebooks: Mapping[str, NotebookEntry] | None = None,
) -> RoutingTable:
    """The table for all edges. `timeout_s`: how long a model may take to answer. `notified`:
    account by bucket that has a notification configuration. `notebooks`: by site."""
    endpoints: list[Routed] = []
    components: dict[str, list[Routed]] = {}
    for one in routed:
        if "component_of" in one.document:
            components.setdefault(one.key, []).append(one)
        else:
            endpoints.append(one)
    return {
        "version": version,
        "keys": keys,
        "endpoints": {e.key: _entry(e, components.get(e.key, []), timeout_s) for e in endpoints},
        "notified": dict(notified or {}),
        "notebooks": dict(notebooks or {}),
    }


def _entry(endpoint: Routed, components: list[Routed], timeout_s: float) -> EndpointEntry:
    live = endpoint.document["live"]
    if live is None:
        return {"status": endpoint.status, "config": "", "variants": []}
    head: EndpointEntry = {"status": endpoint.status, "config": live["config_name"], "variants": []}
    if hosts_components(live):
        found = [entry for one in components for entry in _component(one, timeout_s)]
        variants = [_captured(one, live) for one in found]
        return {**head, "variants": variants, "by_component": True}
    if is_async(live):
        entry = _asynchronous(endpoint, live)
        return {**head, "variants": _variants(live, [], timeout_s), "asynchronous": entry}
    fleets = fleets_of(endpoint.document, endpoint.serving)
    if len(fleets) == 1:
        variants = _variants(live, endpoint.serving, timeout_s)
    else:
        variants = [one for fleet in fleets for one in _shared(fleet, timeout_s)]
    return {**head, "variants": [_let_wait(one, endpoint.elastic) for one in variants]}


def _shared(fleet: Shared, timeout_s: float) -> list[VariantEntry]:
    """The variants of one fleet of two, with their part of all traffic as weight."""
    deployment = fleet.deployment
    weights = [fleet.weight_of(variant) for variant in production(deployment)]
    entries = _variants(deployment, fleet.instances, timeout_s)
    return [
        {
            **entry,
            "weight": weight,
            "config": deployment["config_name"],
            "share": fleet.share,
            "newer": fleet.newer,
        }
        for entry, weight in zip(entries, weights, strict=True)
    ]


def _let_wait(entry: VariantEntry, elastic: frozenset[str]) -> VariantEntry:
    return {**entry, "hold": True} if entry["name"] in elastic else entry


def _asynchronous(endpoint: Routed, live: Deployment) -> AsyncEntry:
    output = live["config"]["AsyncInferenceConfig"]["OutputConfig"]
    return {
        "queue": endpoint.queue,
        "output": output["S3OutputPath"],
        "failure": output.get("S3FailurePath") or "",
    }


def _component(component: Routed, timeout_s: float) -> list[VariantEntry]:
    """A component as a variant that carries its name, twice while two fleets of it serve; nothing
    while it does not serve."""
    live = component.document["live"]
    if live is None or component.status not in SERVING_STATUSES:
        return []
    fleets = fleets_of(component.document, component.serving)
    if len(fleets) == 1:
        entries = _variants(live, component.serving, timeout_s)[:1]
    else:
        entries = [one for fleet in fleets for one in _shared(fleet, timeout_s)]
    return [
        {
            **entry,
            "name": component.document["name"],
            "production_variant": entry["name"],
            "copies": live["variants"][0]["count"],
            "hold": component.document["name"] in component.elastic,
        }
        for entry in entries
    ]


def _variants(live: Deployment, serving: list[Instance], timeout_s: float) -> list[VariantEntry]:
    mine = [i for i in serving if i.spec.deployment == live["id"]]
    return [
        _with_shadow(_variant(live, variant, mine, timeout_s), live, variant, mine, timeout_s)
        for variant in production(live)
    ]


def _with_shadow(
    entry: VariantEntry,
    live: Deployment,
    intent: VariantIntent,
    serving: list[Instance],
    timeout_s: float,
) -> VariantEntry:
    for shadow in shadows(live):
        copies = _variant(live, shadow, serving, timeout_s)
        copies["weight"] = copied_share(intent["weight"], shadow["weight"])
        entry["shadow"] = copies
    return entry


def copied_share(production_weight: float, shadow_weight: float) -> float:
    """The share of a variant's requests that its shadow gets copies of: the weights' quotient, 1
    at most (reference/endpoints.md §5)."""
    if shadow_weight >= production_weight:
        return 1.0 if shadow_weight > 0 else 0.0
    return shadow_weight / production_weight


def capture_of(config: dict[str, Any]) -> CaptureEntry | None:
    """What an endpoint config's DataCaptureConfig asks for; None when nothing is captured."""
    asked = config.get("DataCaptureConfig")
    if asked is None or asked.get("EnableCapture") is False:
        return None
    modes = {option["CaptureMode"] for option in asked["CaptureOptions"]}
    types = asked.get("CaptureContentTypeHeader") or {}
    return {
        "percentage": float(asked["InitialSamplingPercentage"]),
        "destination": asked["DestinationS3Uri"],
        "input": bool(modes & {"Input", "InputAndOutput"}),
        "output": bool(modes & {"Output", "InputAndOutput"}),
        "csv": list(types.get("CsvContentTypes") or ()),
        "json": list(types.get("JsonContentTypes") or ()),
        "kms_key": asked.get("KmsKeyId") or "",
    }


def _captured(entry: VariantEntry, live: Deployment) -> VariantEntry:
    capture = capture_of(live["config"])
    return entry if capture is None else {**entry, "capture": capture}


def _variant(
    live: Deployment, intent: VariantIntent, serving: list[Instance], timeout_s: float
) -> VariantEntry:
    model = live["models"][variant_config(live, intent["name"])["ModelName"]]
    entry: VariantEntry = {
        "name": intent["name"],
        "weight": intent["weight"],
        "containers": _containers(model, live.get("images", {}), timeout_s),
        "direct": (model.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct",
        "timeout_s": timeout_s,
        "instances": [_instance(i) for i in serving if i.spec.variant == intent["name"]],
    }
    entry = _captured(entry, live)
    return entry if intent["count"] else {**entry, "hold": True}


def _containers(
    model: dict[str, Any], folders: Mapping[str, str], timeout_s: float
) -> list[ContainerEntry]:
    return [
        _container(name, container, _is_own(container.get("Image", ""), folders), timeout_s)
        for name, container in zip(container_names(model), containers_of(model), strict=True)
    ]


def _is_own(image: str, folders: Mapping[str, str]) -> bool:
    return image in folders or runtime_for(image) is None


def _container(name: str, container: dict[str, Any], own: bool, timeout_s: float) -> ContainerEntry:
    """`own`: its image is the user's, whose variables are nobody else's business."""
    entry: ContainerEntry = {
        "name": name,
        "multi_model": container.get("Mode") == "MultiModel",
    }
    limit = timeout_s if own else answer_limit_s(container.get("Environment") or {}, timeout_s)
    return entry if limit == timeout_s else {**entry, "timeout_s": limit}


def _instance(instance: Instance) -> InstanceEntry:
    return {
        "id": instance.spec.instance_id,
        "addresses": list(instance.state.addresses),
        "zone": instance.spec.zone,
    }
