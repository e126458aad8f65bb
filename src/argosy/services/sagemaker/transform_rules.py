"""What a transform job's members must fulfil together, beyond botocore's model. Pure.

Sources: reference/async-and-batch.md B1 and B5; the API reference of CreateTransformJob.
"""

from typing import Any

from argosy.ground import json_path
from argosy.ground.errors import ResourceLimitExceeded, ValidationException
from argosy.state.endpoints import containers_of
from argosy.state.transform_jobs import is_parquet

MOST_INSTANCES = 100
MOST_PAYLOAD_MB = 100
_ALL = "$"
_CSV = "text/csv"
_PROCESSED = (_CSV, "application/json", "application/jsonlines")


def check_request(asked: dict[str, Any]) -> None:
    """Raises ValidationException, or ResourceLimitExceeded, for a request that cannot be met."""
    _check_places(asked)
    _check_payload(asked)
    _check_splitting(asked)
    _check_processing(asked)
    count = asked["TransformResources"]["InstanceCount"]
    if count > MOST_INSTANCES:
        raise ResourceLimitExceeded(
            f"The account-level service limit 'instances of a transform job' is {MOST_INSTANCES} "
            f"Instances, with a request for {count} Instances."
        )


def check_model(name: str, model: dict[str, Any]) -> None:
    """Raises ValidationException for a model that no transform job takes."""
    for container in containers_of(model):
        if container.get("ModelDataSource"):
            raise ValidationException(
                f"Model '{name}' uses ModelDataSource, which transform jobs do not support: make "
                "a model with ModelDataUrl."
            )
        if container.get("Mode") == "MultiModel":
            raise ValidationException(
                f"Model '{name}' has a container of Mode MultiModel, which transform jobs do not "
                "support: make a model of the one that shall transform."
            )


def _check_places(asked: dict[str, Any]) -> None:
    source = asked["TransformInput"]["DataSource"]["S3DataSource"]
    kind, uri = source["S3DataType"], source["S3Uri"]
    if kind not in ("S3Prefix", "ManifestFile"):
        raise ValidationException(
            f"S3DataType {kind} is not for transform jobs: give S3Prefix or ManifestFile."
        )
    _check_uri("TransformInput.DataSource.S3DataSource.S3Uri", uri)
    if kind == "ManifestFile" and not _key(uri):
        raise ValidationException(f"The manifest '{uri}' has no key; give s3://bucket/key.")
    _check_uri("TransformOutput.S3OutputPath", asked["TransformOutput"]["S3OutputPath"])
    if asked.get("DataCaptureConfig"):
        _check_uri(
            "DataCaptureConfig.DestinationS3Uri", asked["DataCaptureConfig"]["DestinationS3Uri"]
        )


def _check_uri(member: str, uri: str) -> None:
    if not uri.startswith("s3://"):
        raise ValidationException(f"{member}: '{uri}' is not an S3 URI; give s3://bucket/key.")


def _key(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[2]


def _check_payload(asked: dict[str, Any]) -> None:
    payload, concurrent = asked.get("MaxPayloadInMB"), asked.get("MaxConcurrentTransforms")
    if payload and payload > MOST_PAYLOAD_MB:
        raise ValidationException(
            f"MaxPayloadInMB is {payload}; it must not be greater than {MOST_PAYLOAD_MB}."
        )
    if payload and concurrent and payload * concurrent > MOST_PAYLOAD_MB:
        raise ValidationException(
            f"MaxConcurrentTransforms ({concurrent}) times MaxPayloadInMB ({payload}) must not "
            f"exceed {MOST_PAYLOAD_MB} MB."
        )


def _check_splitting(asked: dict[str, Any]) -> None:
    given = asked["TransformInput"]
    split = given.get("SplitType") or "None"
    if asked.get("BatchStrategy") == "MultiRecord" and split == "None":
        raise ValidationException(
            "BatchStrategy MultiRecord needs a SplitType of Line, RecordIO or TFRecord."
        )
    if not is_parquet(given.get("ContentType")):
        return
    if split not in ("None", "Line"):
        raise ValidationException(f"SplitType {split} cannot split Parquet: give Line or None.")
    if given.get("CompressionType") == "Gzip":
        raise ValidationException(
            "CompressionType Gzip is not for Parquet, which is compressed inside: give None."
        )


def _check_processing(asked: dict[str, Any]) -> None:
    """Filters and joins need records that can be taken apart, and put together again."""
    wanted = asked.get("DataProcessing") or {}
    joins = wanted.get("JoinSource") == "Input"
    picks = (wanted.get("OutputFilter") or _ALL) != _ALL
    filters = (wanted.get("InputFilter") or _ALL) != _ALL
    if not (joins or picks or filters):
        return
    content_type = _plain(asked["TransformInput"].get("ContentType"))
    if content_type not in _PROCESSED:
        raise ValidationException(
            f"DataProcessing needs a ContentType of {', '.join(_PROCESSED)}, not '{content_type}'."
        )
    for member in ("InputFilter", "OutputFilter"):
        _check_path(member, wanted.get(member) or _ALL, content_type)
    if joins or picks:
        _check_same_form(asked, content_type)


def _check_path(member: str, path: str, content_type: str) -> None:
    """Rows of CSV are arrays: their columns have no names."""
    try:
        json_path.parse_for_rows(path) if content_type == _CSV else json_path.parse(path)
    except json_path.BadPath as error:
        raise ValidationException(f"DataProcessing.{member}: {error}") from None


def _check_same_form(asked: dict[str, Any], content_type: str) -> None:
    accept = _plain(asked["TransformOutput"].get("Accept"))
    if accept != content_type:
        raise ValidationException(
            "DataProcessing with JoinSource or OutputFilter needs the same type in and out: "
            f"ContentType is '{content_type}', Accept is '{accept}'."
        )
    split = asked["TransformInput"].get("SplitType") or "None"
    assembled = asked["TransformOutput"].get("AssembleWith") or "None"
    if split != assembled:
        raise ValidationException(
            "DataProcessing with JoinSource or OutputFilter needs records to be put together as "
            f"they are split: SplitType is {split}, AssembleWith is {assembled}."
        )


def _plain(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
