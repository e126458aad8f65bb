"""What processing jobs on instances must fulfil."""

from typing import Any

import pytest

from argosy.ground.errors import ResourceLimitExceeded, ValidationException
from argosy.services.sagemaker.processing_containers import check_request

TAKEN = (
    *("", "relative", "/", "/etc/x", "/usr", "/proc/1", "/tmp/x"),
    *("/opt", "/opt/program", "/opt/argosy", "/opt/ml", "/opt/ml/../../etc", "/opt/ml/config/x"),
)


def asked(
    inputs: list[dict[str, Any]] | None = None,
    outputs: list[dict[str, Any]] | None = None,
    count: int = 1,
    **more: Any,
) -> dict[str, Any]:
    return {
        "ProcessingInputs": inputs or [],
        "ProcessingOutputConfig": {"Outputs": outputs or []},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": count}},
        **more,
    }


def given(path: str = "/opt/ml/processing/in", name: str = "in", **more: Any) -> dict[str, Any]:
    return {"InputName": name, "S3Input": {"S3Uri": "s3://b/k", "LocalPath": path, **more}}


def output(path: str = "/opt/ml/processing/out", name: str = "out") -> dict[str, Any]:
    return {"OutputName": name, "S3Output": {"S3Uri": "s3://b/o", "LocalPath": path}}


def test_ordinary_places_are_taken() -> None:
    check_request(asked([given(), given("/data/a", "two")], [output(), output("/results", "b")]), 1)
    check_request(asked([given(S3CompressionType="Gzip", S3InputMode="Pipe")]), 1)
    check_request(asked([{"InputName": "i", "AppManaged": True, **_without_path()}]), 1)


def _without_path() -> dict[str, Any]:
    return {"S3Input": {"S3Uri": "s3://b/k"}}


@pytest.mark.parametrize("path", TAKEN)
def test_places_that_the_container_has_already_are_refused(path: str) -> None:
    with pytest.raises(ValidationException, match="absolute path"):
        check_request(asked([given(path)]), 1)
    with pytest.raises(ValidationException, match="absolute path"):
        check_request(asked(outputs=[output(path)]), 1)


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (asked([given(), given("/data")]), "unique"),
        (asked([given(), given(name="two")]), "LocalPath of its own"),
        (asked([given("/data")], [output("/data/")]), "of an input and of an output"),
        (asked([{"InputName": "in"}]), "S3Input"),
        (asked(outputs=[{"OutputName": "out"}]), "S3Output"),
        (asked([given(S3CompressionType="Gzip")]), "Pipe mode"),
        (asked([given(S3Uri="http://x")]), "not an S3 URI"),
        (asked([given(S3DataType="ManifestFile", S3Uri="s3://b/k/")]), "no object"),
        (asked(count=2, NetworkConfig={"EnableNetworkIsolation": True}), "one instance"),
    ],
)
def test_what_could_not_be_run_is_refused(request_: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationException, match=part):
        check_request(request_, 4)


def test_more_instances_than_there_are_is_a_limit() -> None:
    with pytest.raises(ResourceLimitExceeded, match="ARGOSY_JOB_INSTANCES"):
        check_request(asked(count=5), 4)
