"""AsyncInferenceConfig: what makes an endpoint asynchronous, checked before it is kept.

Refused are places that are no S3 URIs of a bucket, KMS keys, which this platform has none of, and
models that come in many to a container: those are called by name, which InvokeEndpointAsync cannot.
Source: AsyncInferenceConfig in the API reference; reference/async-and-batch.md A1.
"""

import json
from typing import Any

from argosy.ground.errors import ApiError, ValidationException
from argosy.messaging import Publication
from argosy.services.registry import Call
from argosy.services.sagemaker.finding import MODEL, find
from argosy.state.endpoints import Deployment, containers_of

_OUTPUT = "AsyncInferenceConfig.OutputConfig"
_TEST = json.dumps(
    {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}
)


def check_async_config(call: Call, asked: dict[str, Any]) -> None:
    """Raise ValidationException for CreateEndpointConfig members that cannot be asynchronous."""
    config = asked.get("AsyncInferenceConfig")
    if config is None:
        return
    output = config["OutputConfig"]
    if not output.get("S3OutputPath"):
        raise ValidationException(f"{_OUTPUT}.S3OutputPath: say where answers shall be written.")
    for member in ("S3OutputPath", "S3FailurePath"):
        _check_place(f"{_OUTPUT}.{member}", output.get(member))
    if output.get("KmsKeyId"):
        raise ValidationException(
            f"{_OUTPUT}.KmsKeyId: this platform has no KMS keys. Leave the key out."
        )
    for index, variant in enumerate(asked["ProductionVariants"]):
        _check_variant(call, f"ProductionVariants[{index}]", variant)


def tell_topics(call: Call, deployment: Deployment) -> None:
    """Send each topic that a deployment notifies the test message, to be called in a transaction.

    Raises ValidationException for a topic that cannot be told.
    """
    for topic in _topics_of(deployment):
        try:
            call.messaging.publish(topic, Publication(_TEST))
        except ApiError as error:
            raise ValidationException(
                f"{_OUTPUT}.NotificationConfig: the topic {topic} cannot be told: {error.message}"
            ) from None


def _topics_of(deployment: Deployment) -> list[str]:
    """Their ARNs, each once."""
    config = deployment["config"].get("AsyncInferenceConfig") or {}
    notification = config.get("OutputConfig", {}).get("NotificationConfig") or {}
    topics = (notification.get("SuccessTopic"), notification.get("ErrorTopic"))
    return list(dict.fromkeys(topic for topic in topics if topic))


def _check_place(member: str, uri: str | None) -> None:
    if not uri:
        return
    scheme, _, rest = uri.partition("://")
    if scheme != "s3" or not rest.partition("/")[0]:
        raise ValidationException(f"{member}: {uri!r} should be s3://bucket/prefix.")


def _check_variant(call: Call, place: str, variant: dict[str, Any]) -> None:
    if not variant.get("ModelName"):
        raise ValidationException(
            f"{place}: inference components are not served asynchronously; give the variant a "
            "ModelName, or leave AsyncInferenceConfig out."
        )
    model = find(call, MODEL, variant["ModelName"]).document
    if any(container.get("Mode") == "MultiModel" for container in containers_of(model)):
        raise ValidationException(
            f"{place}: model {variant['ModelName']} holds many models, of which "
            "InvokeEndpointAsync cannot name one. Make a model for each, or leave "
            "AsyncInferenceConfig out."
        )
    if (model.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct":
        raise ValidationException(
            f"{place}: the containers of model {variant['ModelName']} are invoked directly, of "
            "which InvokeEndpointAsync cannot name one. Make a model for each, or leave "
            "AsyncInferenceConfig out."
        )
