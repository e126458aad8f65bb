"""Variants and components that are scalable targets: what may not be done to them, and their end.

To be called in the transaction of the change.
"""

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.state.endpoints import Deployment, variant_config
from argosy.state.records import Record
from argosy.state.scaling import TARGET, component_resource, remove_target, targets_of_endpoint


def refuse_scaled(call: Call, endpoint: Record, pending: Deployment) -> None:
    """Raise ValidationException when the new deployment lacks a variant that is scaled, or gives it
    another instance type. (Developer Guide, "Update endpoints that use automatic scaling".)"""
    live: Deployment = endpoint.document["live"]
    targets = targets_of_endpoint(call.records, endpoint.account, endpoint.region, endpoint.name)
    names = [target.name.rpartition("/")[2] for target in targets]
    hurt = [name for name in names if _type(live, name) != _type(pending, name)]
    if hurt:
        raise ValidationException(
            f'The variant(s) "[{", ".join(hurt)}]" must be deregistered as scalable targets with '
            "AWS Auto Scaling before they can be removed or have their instance type updated."
        )


def forget_targets(call: Call, endpoint: Record) -> None:
    """The endpoint goes, so nothing scales it any more."""
    for target in targets_of_endpoint(
        call.records, endpoint.account, endpoint.region, endpoint.name
    ):
        remove_target(call.records, target)


def forget_component_target(call: Call, component: Record) -> None:
    """The component goes, so nothing scales it any more."""
    name = component_resource(component.name)
    target = call.records.get(TARGET, component.account, component.region, name)
    if target is not None:
        remove_target(call.records, target)


def _type(deployment: Deployment, variant: str) -> str | None:
    """The instance type of a variant; None when there is no such variant."""
    try:
        return str(variant_config(deployment, variant).get("InstanceType", ""))
    except KeyError:
        return None
