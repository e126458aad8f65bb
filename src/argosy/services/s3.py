"""S3's notification configurations, kept as records; everything else of S3 is the object store's.

The store takes these calls for CreateBucket, so they never reach it.
"""

import uuid
from typing import Any

from argosy.ground.errors import ApiError
from argosy.services.registry import Call, operation
from argosy.state.object_events import BUCKET_NOTIFICATION

_LISTS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")


class InvalidArgument(ApiError):
    """S3: a value is wrong."""


@operation("s3", "PutBucketNotificationConfiguration")
def put_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    """Replaces the bucket's configuration; an empty one removes it."""
    configuration = _with_ids(call.input.get("NotificationConfiguration") or {})
    account, bucket = call.caller.account, call.input["Bucket"]
    with call.records.transaction():
        call.records.delete(BUCKET_NOTIFICATION, account, "", bucket)
        if configuration:
            now = call.clock.now()
            configuration["Region"] = call.caller.region
            call.records.create(BUCKET_NOTIFICATION, account, "", bucket, configuration, now=now)
    return {}


@operation("s3", "GetBucketNotificationConfiguration")
def get_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    record = call.records.get(BUCKET_NOTIFICATION, call.caller.account, "", call.input["Bucket"])
    kept = record.document if record else {}
    return {name: value for name, value in kept.items() if name != "Region"}


def _with_ids(configuration: dict[str, Any]) -> dict[str, Any]:
    """Every entry has an Id, made up where none was given; raises InvalidArgument for a twin."""
    kept: dict[str, Any] = {}
    if configuration.get("EventBridgeConfiguration") is not None:
        kept["EventBridgeConfiguration"] = {}
    for member in _LISTS:
        entries = configuration.get(member) or []
        if entries:
            kept[member] = [{**entry, "Id": entry.get("Id") or _new_id()} for entry in entries]
    ids = [entry["Id"] for member in _LISTS for entry in kept.get(member, [])]
    if len(set(ids)) < len(ids):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique")
    return kept


def _new_id() -> str:
    return str(uuid.uuid4())
