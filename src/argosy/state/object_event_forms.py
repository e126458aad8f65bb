"""What is told of an object: S3's message, and EventBridge's detail. Pure.

Forms: reference/automation.md §1; Amazon S3 User Guide, "Event message structure" and "Using
EventBridge".
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

SOURCE = "aws.s3"

_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl": "Object ACL Updated",
}
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_NEWER = ("ObjectTagging", "ObjectAcl")
"""Families whose messages have version 2.3."""


@dataclass(frozen=True)
class ObjectEvent:
    """What happened to one object; `name` without "s3:", `at` in epoch seconds."""

    account: str
    region: str
    bucket: str
    key: str
    name: str
    size: int | None
    etag: str
    version_id: str
    sequencer: str
    principal: str
    source_ip: str
    request_id: str
    at: float

    @property
    def family(self) -> str:
        return self.name.partition(":")[0]

    @property
    def removed(self) -> bool:
        return self.family == "ObjectRemoved"


def notification(what: ObjectEvent, configuration_id: str) -> dict[str, Any]:
    """S3's message, with its one record."""
    thing = _only_known(
        key=quote_plus(what.key, safe="/*-._"),
        size=None if what.removed else what.size,
        eTag="" if what.removed and not _is_marker(what) else what.etag,
        versionId=what.version_id,
        sequencer=what.sequencer,
    )
    record = {
        "eventVersion": "2.3" if what.family in _NEWER else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": what.region,
        "eventTime": _stamp(what.at),
        "eventName": what.name,
        "userIdentity": {"principalId": what.principal},
        "requestParameters": {"sourceIPAddress": what.source_ip},
        "responseElements": {"x-amz-request-id": what.request_id, "x-amz-id-2": what.request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": what.bucket,
                "ownerIdentity": {"principalId": what.account},
                "arn": f"arn:aws:s3:::{what.bucket}",
            },
            "object": thing,
        },
    }
    return {"Records": [record]}


def set_up_message(bucket: str, request_id: str, now: float) -> dict[str, str]:
    """What a queue or a topic gets when it becomes a destination."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _stamp(now),
        "Bucket": bucket,
        "RequestId": request_id,
        "HostId": request_id,
    }


def detail_type(what: ObjectEvent) -> str:
    return _DETAIL_TYPES.get(what.name) or _DETAIL_TYPES[what.family]


def detail(what: ObjectEvent) -> dict[str, Any]:
    """The detail of EventBridge's event."""
    told: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": what.bucket},
        "object": {
            "key": what.key,
            **_only_known(
                size=None if what.removed else what.size,
                etag=what.etag,
                **{"version-id": what.version_id},
                sequencer=what.sequencer,
            ),
        },
        "request-id": what.request_id,
        "requester": what.principal,
        "source-ip-address": what.source_ip,
    }
    reason = _REASONS.get(what.name)
    if reason:
        told["reason"] = reason
    if what.removed:
        marker = _is_marker(what)
        told["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return told


def _is_marker(what: ObjectEvent) -> bool:
    return what.name.endswith(":DeleteMarkerCreated")


def _only_known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "")}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
