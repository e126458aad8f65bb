"""The routing table that control pushes whole to every edge on every change (JSON).

{"version": 17,
 "keys": {"AKIA…": {"secret": …, "account": …, "arn": …, "user_id": …}},
 "endpoints": {"000000000000/us-east-1/NAME": {"status": "InService", "variants": […]}}}
"""

from typing import NotRequired, TypedDict


class KeyEntry(TypedDict):
    """An access key and whom it stands for."""

    secret: str
    account: str
    arn: str
    user_id: str


class InstanceEntry(TypedDict):
    """One instance in service."""

    id: str
    addresses: list[str]
    """One for each container of the variant: "unix:/path", which speaks argosy.runtimes.frames."""
    zone: str


class ContainerEntry(TypedDict):
    """One container of a variant's model."""

    name: str
    """Name in error texts and in TargetContainerHostname: "primary" for a single container."""
    multi_model: bool
    """It wants a TargetModel; its address speaks of models (see argosy.runtimes.frames)."""
    timeout_s: NotRequired[float]
    """How long it may take to answer, where that is less than the variant's."""


class CaptureEntry(TypedDict):
    """Which requests and answers of a variant are written down, and where to."""

    percentage: float
    """The share of requests that are, 0 to 100."""
    destination: str
    """S3 URI below which they are written."""
    input: bool
    output: bool
    csv: list[str]
    """Content types whose payloads are written as CSV."""
    json: list[str]
    """Content types whose payloads are written as JSON; all others are written as base64."""
    kms_key: str


class VariantEntry(TypedDict):
    """A production variant: its share is weight over the sum of weights; or a component."""

    name: str
    production_variant: NotRequired[str]
    """For an inference component: the variant that it belongs to, which answers name."""
    copies: NotRequired[int]
    """For an inference component: how many are asked for."""
    hold: NotRequired[bool]
    """It may have no instance: requests wait at the edge until one is started."""
    config: NotRequired[str]
    """The endpoint config of its fleet, where two fleets serve (an update under way). The old
    fleet's variants come first; both may have the same names."""
    share: NotRequired[float]
    """What its fleet has of all requests, where two serve; `weight` is multiplied by it already."""
    newer: NotRequired[bool]
    """Its fleet is the one that is to take over, where two serve."""
    weight: float
    containers: list[ContainerEntry]
    direct: bool
    """TargetContainerHostname chooses the container; else a request passes through all."""
    timeout_s: float
    instances: list[InstanceEntry]
    shadow: NotRequired["VariantEntry"]
    """Who gets copies of its requests; its weight is the share of them that are copied, 0 to 1."""
    capture: NotRequired[CaptureEntry]


class AsyncEntry(TypedDict):
    """What an edge must know to accept requests for an asynchronous endpoint."""

    queue: str
    """Where its requests wait; an endpoint made anew under the same name has another one."""
    output: str
    """S3 URI below which answers are written."""
    failure: str
    """S3 URI below which it is written why there is no answer; "" for nowhere."""


class EndpointEntry(TypedDict):
    """An endpoint that exists, whatever its status; only some statuses serve."""

    status: str
    config: str
    variants: list[VariantEntry]
    by_component: NotRequired[bool]
    """The variants are inference components: InferenceComponentName chooses one."""
    asynchronous: NotRequired[AsyncEntry]
    """It is invoked by InvokeEndpointAsync, and only so; its variants tell no instances."""


class NotebookEntry(TypedDict):
    """A notebook instance whose JupyterLab runs."""

    address: str
    """Where it listens: "unix:/path"."""
    secret: str
    """Proves its sessions (`ground.notebooks`)."""


class RoutingTable(TypedDict):
    """All an edge must know to serve alone."""

    version: int
    keys: dict[str, KeyEntry]
    endpoints: dict[str, EndpointEntry]
    notified: NotRequired[dict[str, str]]
    """Buckets with a notification configuration, and whose account it is: control is told of
    what is written to them before the client is answered."""
    notebooks: NotRequired[dict[str, NotebookEntry]]
    """By the name of the site."""


SERVING_STATUSES = frozenset(
    {"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}
)


def with_shadows(entry: EndpointEntry) -> list[VariantEntry]:
    """An endpoint's variants, and their shadows; each with the endpoint config of its fleet."""
    found: list[VariantEntry] = []
    for variant in entry["variants"]:
        fleet: VariantEntry = {"config": entry["config"], **variant}
        found.append(fleet)
        if "shadow" in variant:
            found.append({**variant["shadow"], "config": fleet["config"]})
    return found


def endpoint_key(account: str, region: str, name: str) -> str:
    """Key of an endpoint in the table's `endpoints`."""
    return f"{account}/{region}/{name}"
