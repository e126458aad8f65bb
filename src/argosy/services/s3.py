"""S3's notification configurations, kept as records; everything else of S3 is the object store's.

The store takes these calls for CreateBucket, so they never reach it. A call that changes one is
answered when the edges know which buckets they have to watch.
"""

import asyncio
import json
from typing import Any

from argosy.ground.errors import AccessDenied, NoSuchBucket, ServiceUnavailable
from argosy.messaging.publication import Publication
from argosy.messaging.sending import Letter
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreError
from argosy.services.registry import Call, operation
from argosy.services.s3_notification_rules import check_destinations, checked
from argosy.state.object_event_forms import set_up_message
from argosy.state.object_events import BUCKET_NOTIFICATION, SERVICE, destinations

_PATIENCE_S = 10.0
_SUBJECT = "Amazon S3 Notification"


@operation("s3", "PutBucketNotificationConfiguration")
async def put_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    """Replaces the bucket's configuration; an empty one removes it."""
    _check_owner(call)
    asked = call.input.get("NotificationConfiguration") or {}
    configuration = checked(asked, call.caller.region)
    account, bucket = call.caller.account, call.input["Bucket"]
    await asyncio.to_thread(_check_there, call, bucket)
    if not call.input.get("SkipDestinationValidation"):
        check_destinations(call, configuration, bucket)
    with call.records.transaction():
        call.records.delete(BUCKET_NOTIFICATION, account, "", bucket)
        if configuration:
            kept = {**configuration, "Region": call.caller.region}
            now = call.clock.now()
            call.records.create(BUCKET_NOTIFICATION, account, "", bucket, kept, now=now)
            _try_out(call, configuration, bucket)
    await call.routed()
    return {}


@operation("s3", "GetBucketNotificationConfiguration")
async def get_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    _check_owner(call)
    record = call.records.get(BUCKET_NOTIFICATION, call.caller.account, "", call.input["Bucket"])
    if record is None:
        await asyncio.to_thread(_check_there, call, call.input["Bucket"])
    kept = record.document if record else {}
    return {name: value for name, value in kept.items() if name != "Region"}


def _check_owner(call: Call) -> None:
    """Raises AccessDenied for a bucket that is to be somebody else's."""
    expected = call.input.get("ExpectedBucketOwner")
    if expected and expected != call.caller.account:
        raise AccessDenied("Access Denied")


def _check_there(call: Call, bucket: str) -> None:
    """Raises NoSuchBucket, or ServiceUnavailable where the store does not answer."""
    if call.store is None:
        return
    store = ObjectStore(call.store, patience_s=_PATIENCE_S)
    try:
        there = store.has_bucket(bucket)
    except StoreError as error:
        raise ServiceUnavailable(f"The object store cannot be asked: {error}") from None
    finally:
        store.close()
    if not there:
        raise NoSuchBucket("The specified bucket does not exist", BucketName=bucket)


def _try_out(call: Call, configuration: dict[str, Any], bucket: str) -> None:
    """Send the test message to every queue and topic that is there."""
    now = call.clock.now()
    text = json.dumps(set_up_message(bucket, call.request_id, now))
    for _, arn in destinations(configuration):
        queue = call.messaging.queues.of_arn(arn)
        if queue is not None:
            call.messaging.sending.send(queue, Letter(text), SERVICE, now)
        elif call.messaging.topics.find(arn) is not None:
            call.messaging.publish(arn, Publication(text, _SUBJECT))
