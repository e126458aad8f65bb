"""The document of an endpoint: what is asked for and what serves, as one JSON value.

`services` write intent into it, `control` brings it about; both use the shapes here.
The configuration and the models are copied in when a deployment is made, so that deleting
them later does not hurt a running endpoint.
"""

from typing import Any, NotRequired, TypedDict

from argosy.ground.instances import PulledImage
from argosy.state.rollouts import Rollout


class VariantIntent(TypedDict):
    """What one variant should be; `current_*` is what control has reached."""

    name: str
    weight: float
    count: int
    current_weight: float
    current_count: int
    shadow: NotRequired[bool]
    """It gets copies of the production variant's requests, and nobody hears its answers."""


class Deployment(TypedDict):
    """One endpoint config, rolled out once."""

    id: str
    config_name: str
    config: dict[str, Any]
    """The CreateEndpointConfig members (ProductionVariants, …)."""
    models: dict[str, dict[str, Any]]
    """ModelName → the CreateModel members."""
    variants: list[VariantIntent]
    started: float
    images: NotRequired[dict[str, str]]
    """Image → digest of the image folder (`state.images`) that the name meant at that time."""
    pulled: NotRequired[dict[str, PulledImage]]
    """Image → what it consists of, for those of `images` that are in the registry."""


class ComponentOf(TypedDict):
    """Where an inference component lives."""

    endpoint: str
    variant: str


class EndpointDocument(TypedDict):
    """An endpoint. Its status stands in the record's own column.

    An inference component has the same document, with one variant whose instances are its copies:
    it is rolled out, kept and removed as an endpoint is.
    """

    name: str
    arn: str
    failure_reason: str
    live: Deployment | None
    """What answers; None until CreateEndpoint has succeeded."""
    pending: Deployment | None
    """What CreateEndpoint or UpdateEndpoint is bringing up."""
    rollout: NotRequired[Rollout | None]
    """How `pending` takes the place of `live`, where that goes by steps."""
    last_deployment_config: NotRequired[dict[str, Any] | None]
    component_of: NotRequired[ComponentOf]
    """Only a component has this."""


CREATING = "Creating"
UPDATING = "Updating"
IN_SERVICE = "InService"
DELETING = "Deleting"
FAILED = "Failed"
OUT_OF_SERVICE = "OutOfService"
SYSTEM_UPDATING = "SystemUpdating"
ROLLING_BACK = "RollingBack"
UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
"""Serves with a mixed fleet; may be updated and deleted."""

IN_PROGRESS = frozenset({CREATING, UPDATING, SYSTEM_UPDATING, ROLLING_BACK, DELETING})


def new_deployment(
    deployment_id: str,
    config_name: str,
    config: dict[str, Any],
    models: dict[str, dict[str, Any]],
    started: float,
) -> Deployment:
    """A deployment with the configuration's initial weights and counts."""
    return {
        "id": deployment_id,
        "config_name": config_name,
        "config": config,
        "models": models,
        "variants": [
            *(_intent(variant) for variant in config["ProductionVariants"]),
            *(_shadow(variant) for variant in config.get("ShadowProductionVariants") or ()),
        ],
        "started": started,
    }


def _shadow(variant: dict[str, Any]) -> VariantIntent:
    return {**_intent(variant), "shadow": True}


def _intent(variant: dict[str, Any]) -> VariantIntent:
    weight = float(variant.get("InitialVariantWeight", 1.0))
    return {
        "name": variant["VariantName"],
        "weight": weight,
        "count": int(variant.get("InitialInstanceCount", 1)),
        "current_weight": weight,
        "current_count": 0,
    }


def variant_configs(config: dict[str, Any]) -> list[dict[str, Any]]:
    """All variants of an endpoint config (CreateEndpointConfig members), shadows last."""
    return [*config["ProductionVariants"], *(config.get("ShadowProductionVariants") or ())]


def variant_config(deployment: Deployment, name: str) -> dict[str, Any]:
    """The ProductionVariant or shadow of that name; raises KeyError when there is none."""
    for variant in variant_configs(deployment["config"]):
        if variant["VariantName"] == name:
            return dict(variant)
    raise KeyError(name)


def production(deployment: Deployment) -> list[VariantIntent]:
    """The variants that answer."""
    return [variant for variant in deployment["variants"] if not variant.get("shadow")]


def shadows(deployment: Deployment) -> list[VariantIntent]:
    """The variants that get copies: none, or one beside one production variant."""
    return [variant for variant in deployment["variants"] if variant.get("shadow")]


def hosts_components(deployment: Deployment) -> bool:
    """Whether inference components bring the models: its variants have none of their own."""
    variants = deployment["config"]["ProductionVariants"]
    return not any(variant.get("ModelName") for variant in variants)


def is_async(deployment: Deployment) -> bool:
    """Whether it is invoked asynchronously, and only so."""
    return deployment["config"].get("AsyncInferenceConfig") is not None


def containers_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    """A model's containers, given either way (CreateModel members), in their order."""
    primary = model.get("PrimaryContainer")
    return [dict(container) for container in ([primary] if primary else model["Containers"])]


def container_names(model: dict[str, Any]) -> list[str]:
    """What its containers are called in texts and logs: "primary" if there is only one."""
    given = [container.get("ContainerHostname") for container in containers_of(model)]
    if len(given) == 1:
        return ["primary"]
    return [name or f"container-{number}" for number, name in enumerate(given, 1)]
