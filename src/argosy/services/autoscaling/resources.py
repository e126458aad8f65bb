"""What a ResourceId names, and whether it can be scaled: `ValidationException` says why not."""

import re
from dataclasses import dataclass
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.finding import COMPONENT, ENDPOINT
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, hosts_components, variant_config
from argosy.state.records import Record
from argosy.state.scaling import COPIES, INSTANCES

NAMESPACE = "sagemaker"

_PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
_VARIANT = re.compile(r"endpoint/([A-Za-z0-9-]+)/variant/([A-Za-z0-9-]+)")
_COMPONENT = re.compile(r"inference-component/([A-Za-z0-9-]+)")
_BURSTABLE = "ml.t2."


@dataclass(frozen=True)
class Resource:
    """A production variant, or an inference component."""

    id: str
    dimension: str
    endpoint: str
    variant: str
    component: str = ""


def resource_of(asked: dict[str, Any]) -> Resource:
    """What ServiceNamespace, ResourceId and ScalableDimension name; that it exists is not asked."""
    check_namespace(asked)
    identity, dimension = asked["ResourceId"], asked["ScalableDimension"]
    check_dimension(dimension)
    if dimension == INSTANCES and (match := _VARIANT.fullmatch(identity)):
        return Resource(identity, dimension, match[1], match[2])
    if dimension == COPIES and (match := _COMPONENT.fullmatch(identity)):
        return Resource(identity, dimension, "", "", match[1])
    form = "endpoint/NAME/variant/NAME" if dimension == INSTANCES else "inference-component/NAME"
    raise ValidationException(
        f"ResourceId {identity!r} is not of the scalable dimension {dimension}: give {form}."
    )


def check_namespace(asked: dict[str, Any]) -> None:
    """Raise ValidationException for another service than SageMaker."""
    if asked["ServiceNamespace"] != NAMESPACE:
        raise ValidationException(
            f"Unsupported service namespace, resource type or scalable dimension: this platform "
            f"scales the service namespace {NAMESPACE} only, not {asked['ServiceNamespace']}."
        )


def check_dimension(dimension: str | None) -> None:
    """Raise ValidationException for a dimension that is not scaled here."""
    if dimension == _PROVISIONED:
        raise ValidationException(
            f"ScalableDimension {dimension}: this version does not support serverless variants."
        )
    if dimension not in (INSTANCES, COPIES, None):
        raise ValidationException(
            "Unsupported service namespace, resource type or scalable dimension: "
            f"{dimension} is not one of {NAMESPACE}; give {INSTANCES} or {COPIES}."
        )


def check_scalable(call: Call, resource: Resource) -> None:
    """Raise ValidationException for a resource that does not exist or cannot be scaled."""
    kind, name = (COMPONENT, resource.component) if resource.component else (ENDPOINT, "")
    record = _record(call, kind, name or resource.endpoint, resource)
    deployment: Deployment = record.document["live"] or record.document["pending"]
    if resource.component:
        return
    if hosts_components(deployment):
        raise ValidationException(
            f"{resource.id}: the models of this variant are inference components; register "
            f"inference-component/NAME with {COPIES}."
        )
    try:
        variant = variant_config(deployment, resource.variant)
    except KeyError:
        raise ValidationException(
            f'Could not find production variant "{resource.variant}" of endpoint '
            f'"{record.document["arn"]}".'
        ) from None
    kind = variant.get("InstanceType", "")
    if kind.startswith(_BURSTABLE):
        raise ValidationException(
            f"{resource.id}: automatic scaling does not support the burstable instance type {kind}."
        )


def _record(call: Call, kind: str, name: str, resource: Resource) -> Record:
    record = call.records.get(kind, call.caller.account, call.caller.region, name)
    if record is None:
        what = "inference component" if resource.component else "endpoint"
        raise ValidationException(f"The {what} of {resource.id} does not exist.")
    if record.status in (ep.FAILED, ep.DELETING):
        raise ValidationException(f"{resource.id} cannot be scaled: it is {record.status}.")
    return record
