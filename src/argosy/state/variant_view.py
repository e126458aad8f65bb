"""Variants as DescribeEndpoint and events show them: a document in, a body out. Pure.

Texts of VariantStatus: reference/endpoints.md §4.
"""

from typing import Any

from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, VariantIntent, containers_of, variant_config
from argosy.state.rollouts import (
    ACTIVATING,
    BAKING,
    GROWING,
    STUCK,
    Rollout,
    current_step,
    new_count,
    old_count,
    whole,
)

Status = tuple[str, str, float]
"""Of a variant: status, message, and since when."""


def pending_summary(document: dict[str, Any]) -> dict[str, Any] | None:
    """What an update is bringing up; a first deployment is shown as the endpoint itself."""
    pending: Deployment | None = document["pending"]
    if pending is None or document["live"] is None:
        return None
    rollout, copied = document.get("rollout"), ep.shadows(pending)
    summary = {
        "EndpointConfigName": pending["config_name"],
        "ProductionVariants": _coming(pending, ep.production(pending), rollout),
        "StartTime": pending["started"],
    }
    if copied:
        summary["ShadowProductionVariants"] = _coming(pending, copied, rollout)
    return summary


def _coming(
    pending: Deployment, intents: list[VariantIntent], rollout: Rollout | None
) -> list[dict[str, Any]]:
    return [
        {
            **_variant(pending, intent, _of_new_fleet(pending, intent, rollout)),
            **_machine(pending, intent),
        }
        for intent in intents
    ]


def variants_of(
    deployment: Deployment, status: str, rollout: Rollout | None = None
) -> list[dict[str, Any]]:
    """The production variants of an endpoint of that status, of which this deployment answers."""
    return _shown(deployment, ep.production(deployment), status, rollout)


def shadows_of(
    deployment: Deployment, status: str, rollout: Rollout | None = None
) -> list[dict[str, Any]]:
    """Its shadow variants."""
    return _shown(deployment, ep.shadows(deployment), status, rollout)


def _shown(
    deployment: Deployment, intents: list[VariantIntent], status: str, rollout: Rollout | None
) -> list[dict[str, Any]]:
    return [
        _variant(deployment, intent, _of_fleet(deployment, intent, status, rollout))
        for intent in intents
    ]


def _variant(
    deployment: Deployment, intent: VariantIntent, status: Status | None
) -> dict[str, Any]:
    config = variant_config(deployment, intent["name"])
    body = {
        "VariantName": intent["name"],
        "DeployedImages": _images(deployment, config.get("ModelName")),
        "CurrentWeight": intent["current_weight"],
        "DesiredWeight": intent["weight"],
        "CurrentInstanceCount": intent["current_count"],
        "DesiredInstanceCount": intent["count"],
        "VariantStatus": status and [_entry(*status)],
        "RoutingConfig": config.get("RoutingConfig"),
        "ManagedInstanceScaling": config.get("ManagedInstanceScaling"),
    }
    return {name: value for name, value in body.items() if value is not None}


def _entry(status: str, message: str, since: float) -> dict[str, Any]:
    return {"Status": status, "StatusMessage": message, "StartTime": since}


def _machine(deployment: Deployment, intent: VariantIntent) -> dict[str, Any]:
    """Members that only the variants of a pending deployment have."""
    config = variant_config(deployment, intent["name"])
    return {name: config[name] for name in ("InstanceType", "AcceleratorType") if name in config}


def _images(deployment: Deployment, model: str | None) -> list[dict[str, Any]] | None:
    """An image of the registry resolves to its digest, every other one to itself."""
    if model is None:
        return None
    images = [container["Image"] for container in containers_of(deployment["models"][model])]
    started = deployment["started"]
    pulled = deployment.get("pulled", {})
    return [
        {
            "SpecifiedImage": image,
            "ResolvedImage": pulled[image]["resolved"] if image in pulled else image,
            "ResolutionTime": started,
        }
        for image in images
    ]


def _of_fleet(
    deployment: Deployment, intent: VariantIntent, status: str, rollout: Rollout | None
) -> Status | None:
    """What is happening to a variant that answers; None when nothing is."""
    since = deployment["started"]
    count = intent["count"]
    if status == ep.CREATING:
        return "Creating", f"Launching {count} instance(s).", since
    if status not in (ep.UPDATING, ep.ROLLING_BACK):
        return None
    if rollout:
        count, since = old_count(rollout, count), rollout["since"]
    missing = count - intent["current_count"]
    if missing > 0:
        return "Updating", f"Scaling out desired instance count to {count}.", since
    if missing < 0:
        return "Deleting", f"Terminating {-missing} instance(s).", since
    return None


def _of_new_fleet(
    deployment: Deployment, intent: VariantIntent, rollout: Rollout | None
) -> Status | None:
    """What is happening to a variant that is to take over."""
    count = intent["count"]
    if rollout is None:
        return "Creating", f"Launching {count} instance(s).", deployment["started"]
    since, step = rollout["since"], current_step(rollout)
    active = whole(step["share"], count)
    capacity = f"{'full' if step['share'] >= 1 else 'canary'} capacity of {active} instance(s)."
    if rollout["phase"] == GROWING:
        more = max(0, new_count(rollout, count) - intent["current_count"])
        return "Creating", f"Launching {more} instance(s).", since
    if rollout["phase"] == ACTIVATING:
        return "ActivatingTraffic", f"Activating traffic on {capacity}", since
    if rollout["phase"] == BAKING:
        wait = f"{step['wait']:g} seconds ({step['waits']})"
        return "Baking", f"Baking for {wait} with traffic enabled on {capacity}", since
    if rollout["phase"] == STUCK:
        return None
    gone = intent["current_count"] - new_count(rollout, count)
    return "Deleting", f"Terminating {max(0, gone)} instance(s).", since
