"""An inference component as Describe and List show it: a record in, a body out. Pure."""

from typing import Any

from argosy.services.sagemaker.endpoint_view import MOST_FAILURE_REASON
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment
from argosy.state.records import Record

_STATUSES = {ep.ROLLING_BACK: ep.UPDATING, ep.UPDATE_ROLLBACK_FAILED: ep.FAILED}
"""Those that only endpoints have → what a component shows; it serves on in both."""


def summary(record: Record, endpoint_arn: str) -> dict[str, Any]:
    of = record.document["component_of"]
    return {
        "InferenceComponentName": record.name,
        "InferenceComponentArn": record.document["arn"],
        "EndpointName": of["endpoint"],
        "EndpointArn": endpoint_arn,
        "VariantName": of["variant"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "InferenceComponentStatus": _STATUSES.get(record.status, record.status),
    }


def description(record: Record, endpoint_arn: str) -> dict[str, Any]:
    """The body of DescribeInferenceComponent; the specification is the one that answers."""
    document = record.document
    shown: Deployment = document["live"] or document["pending"]
    copies = shown["variants"][0]
    body = {
        **summary(record, endpoint_arn),
        "Specification": _specification(shown),
        "RuntimeConfig": {
            "DesiredCopyCount": copies["count"],
            "CurrentCopyCount": copies["current_count"],
        },
    }
    more = {
        "LastDeploymentConfig": document.get("last_deployment_config"),
        "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON],
    }
    return {**body, **{name: value for name, value in more.items() if value}}


def _specification(shown: Deployment) -> dict[str, Any]:
    """As it was given, but that an image is told with what it resolves to: itself."""
    given: dict[str, Any] = dict(shown["config"]["Specification"])
    container = dict(given.get("Container") or {})
    if container:
        image = container.pop("Image")
        deployed = {
            "SpecifiedImage": image,
            "ResolvedImage": image,
            "ResolutionTime": shown["started"],
        }
        given["Container"] = {"DeployedImage": deployed, **container}
    return given
