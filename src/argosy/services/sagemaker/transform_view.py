"""A transform job as Describe and List show it: a record in, a body out. Pure."""

from typing import Any

from argosy.state.records import Record

MOST_FAILURE_REASON = 1024
_DEFAULTS = {"MaxConcurrentTransforms": 1, "MaxPayloadInMB": 6, "BatchStrategy": "MultiRecord"}
_HIDDEN = ("TransformJobName",)


def filled(asked: dict[str, Any]) -> dict[str, Any]:
    """The request with the values that SageMaker fills in and gives back."""
    given, output = asked["TransformInput"], asked["TransformOutput"]
    processing = asked.get("DataProcessing") or {}
    return {
        **asked,
        "TransformInput": {"CompressionType": "None", "SplitType": "None", **given},
        "TransformOutput": {"AssembleWith": "None", "KmsKeyId": "", **output},
        "DataProcessing": {
            "InputFilter": "$",
            "OutputFilter": "$",
            "JoinSource": "None",
            **{name: value for name, value in processing.items() if value},
        },
    }


def summary(record: Record) -> dict[str, Any]:
    document = record.document
    body = {
        "TransformJobName": record.name,
        "TransformJobArn": document["arn"],
        "CreationTime": record.created,
        "TransformEndTime": document.get("ended"),
        "LastModifiedTime": record.modified,
        "TransformJobStatus": record.status,
        "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON],
    }
    return _without_empty(body)


def description(record: Record) -> dict[str, Any]:
    """The body of DescribeTransformJob. Limits that neither the request nor an instance has said
    yet are shown as they are when nobody says them."""
    document = record.document
    asked = {name: value for name, value in document["asked"].items() if name not in _HIDDEN}
    return _without_empty(
        {
            **_DEFAULTS,
            **document["resolved"],
            **{name: value for name, value in asked.items() if value is not None},
            **_resolved(document),
            **summary(record),
            "LastModifiedTime": None,
            "TransformStartTime": document["started"],
        }
    )


def _resolved(document: dict[str, Any]) -> dict[str, Any]:
    """What an instance works with, where the request left it open (0 concurrent transforms)."""
    asked, said = document["asked"], document["resolved"]
    if asked.get("MaxConcurrentTransforms"):
        return {}
    name = "MaxConcurrentTransforms"
    return {name: said.get(name, _DEFAULTS[name])}


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in (None, "")}
