"""An endpoint as DescribeEndpoint and ListEndpoints show it: a record in, a body out. Pure."""

from typing import Any

from argosy.state.endpoints import Deployment
from argosy.state.records import Record
from argosy.state.variant_view import pending_summary, shadows_of, variants_of

MOST_FAILURE_REASON = 1024


def summary(record: Record) -> dict[str, Any]:
    return {
        "EndpointName": record.name,
        "EndpointArn": record.document["arn"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "EndpointStatus": record.status,
    }


def description(record: Record) -> dict[str, Any]:
    """The body of DescribeEndpoint; the configuration it names is the one that answers."""
    document = record.document
    shown: Deployment = document["live"] or document["pending"]
    body = {
        **summary(record),
        "EndpointConfigName": shown["config_name"],
        "ProductionVariants": variants_of(shown, record.status, document.get("rollout")),
        "ShadowProductionVariants": shadows_of(shown, record.status, document.get("rollout")),
        "DataCaptureConfig": _data_capture(shown["config"].get("DataCaptureConfig")),
        "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON],
        "LastDeploymentConfig": document.get("last_deployment_config"),
        "PendingDeploymentSummary": pending_summary(document),
        "MetricsConfig": shown["config"].get("MetricsConfig"),
        "AsyncInferenceConfig": shown["config"].get("AsyncInferenceConfig"),
    }
    return {name: value for name, value in body.items() if value not in (None, "", [])}


def _data_capture(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """EnableCapture is true when it is left out (DataCaptureConfig in the API reference)."""
    if config is None:
        return None
    enabled = config.get("EnableCapture") is not False
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
