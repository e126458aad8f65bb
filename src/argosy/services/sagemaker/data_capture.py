"""DataCaptureConfig of an endpoint config: what may be asked for, and what an update keeps of it.

Refused are places that are no S3 URIs of a bucket, and capture on asynchronous endpoints, whose
requests and answers lie in S3 anyway. Source: DataCaptureConfig in the API reference;
reference/endpoints.md §4 and §6.
"""

from typing import Any

from argosy.ground.errors import ValidationException

_MEMBER = "DataCaptureConfig"


def check_capture(asked: dict[str, Any]) -> None:
    """Raise ValidationException for CreateEndpointConfig members that cannot be captured."""
    config = asked.get(_MEMBER)
    if config is None:
        return
    scheme, _, rest = config["DestinationS3Uri"].partition("://")
    if scheme != "s3" or not rest.partition("/")[0]:
        raise ValidationException(
            f"{_MEMBER}.DestinationS3Uri: {config['DestinationS3Uri']!r} should be "
            "s3://bucket/prefix."
        )
    if asked.get("AsyncInferenceConfig") and config.get("EnableCapture") is not False:
        raise ValidationException(
            f"{_MEMBER}: this version does not support data capture on asynchronous endpoints; "
            "their inputs and outputs are objects in S3. Leave it out."
        )


def with_capture_of(config: dict[str, Any], running: dict[str, Any]) -> dict[str, Any]:
    """The new endpoint config with the data capture of the running one, which may be none."""
    rest = {name: value for name, value in config.items() if name != _MEMBER}
    return {**rest, _MEMBER: running[_MEMBER]} if _MEMBER in running else rest
