"""An endpoint as DescribeEndpoint and ListEndpoints show it: a record in, a body out. Pure."""

from typing import Any

from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, VariantIntent, containers_of, variant_config
from argosy.state.records import Record

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
        "ProductionVariants": _variants(shown, record.status),
        "DataCaptureConfig": _data_capture(shown["config"].get("DataCaptureConfig")),
        "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON],
        "LastDeploymentConfig": document.get("last_deployment_config"),
        "PendingDeploymentSummary": _pending(document),
        "MetricsConfig": shown["config"].get("MetricsConfig"),
        "AsyncInferenceConfig": shown["config"].get("AsyncInferenceConfig"),
    }
    return {name: value for name, value in body.items() if value not in (None, "")}


def _pending(document: dict[str, Any]) -> dict[str, Any] | None:
    """What an update is bringing up; a first deployment is shown as the endpoint itself."""
    pending: Deployment | None = document["pending"]
    if pending is None or document["live"] is None:
        return None
    return {
        "EndpointConfigName": pending["config_name"],
        "ProductionVariants": [
            {**_variant(pending, intent, ep.CREATING), **_machine(pending, intent)}
            for intent in pending["variants"]
        ],
        "StartTime": pending["started"],
    }


def _variants(deployment: Deployment, status: str) -> list[dict[str, Any]]:
    return [_variant(deployment, intent, status) for intent in deployment["variants"]]


def _variant(deployment: Deployment, intent: VariantIntent, status: str) -> dict[str, Any]:
    config = variant_config(deployment, intent["name"])
    body = {
        "VariantName": intent["name"],
        "DeployedImages": _images(deployment, config.get("ModelName")),
        "CurrentWeight": intent["current_weight"],
        "DesiredWeight": intent["weight"],
        "CurrentInstanceCount": intent["current_count"],
        "DesiredInstanceCount": intent["count"],
        "VariantStatus": _status(deployment, intent, status),
        "RoutingConfig": config.get("RoutingConfig"),
        "ManagedInstanceScaling": config.get("ManagedInstanceScaling"),
    }
    return {name: value for name, value in body.items() if value is not None}


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


def _status(
    deployment: Deployment, intent: VariantIntent, status: str
) -> list[dict[str, Any]] | None:
    """What is happening to the variant, in SageMaker's words; None when nothing is."""
    count, missing = intent["count"], intent["count"] - intent["current_count"]
    if status == ep.CREATING:
        entry = ("Creating", f"Launching {count} instance(s).")
    elif status == ep.UPDATING and missing > 0:
        entry = ("Updating", f"Scaling out desired instance count to {count}.")
    elif status == ep.UPDATING and missing < 0:
        entry = ("Deleting", f"Terminating {-missing} instance(s).")
    else:
        return None
    return [{"Status": entry[0], "StatusMessage": entry[1], "StartTime": deployment["started"]}]


def _data_capture(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """Capture that was configured and switched off; capture itself is refused at creation."""
    if config is None:
        return None
    return {
        "EnableCapture": False,
        "CaptureStatus": "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
