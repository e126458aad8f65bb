"""Transform jobs through boto3: what is taken, refused, shown and listed."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import job_statuses
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
Refused = Callable[..., str]
INPUT = {
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in/rows/"}},
    "ContentType": "text/csv",
    "SplitType": "Line",
}
OUTPUT = {"S3OutputPath": "s3://out/answers", "Accept": "text/csv", "AssembleWith": "Line"}


@pytest.fixture(autouse=True)
def model(sagemaker: Any) -> None:
    sagemaker.create_model(
        ModelName="m",
        PrimaryContainer={"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3"},
    )


def request(name: str = "job", **changes: Any) -> dict[str, Any]:
    """A request; `input` and `output` are changes of TransformInput and TransformOutput."""
    source = changes.pop("source", {})
    given = {**INPUT, **changes.pop("input", {})}
    data = {"S3DataSource": {**INPUT["DataSource"]["S3DataSource"], **source}}  # type: ignore[index]
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": changes.pop("count", 1)}
    return {
        "TransformJobName": name,
        "ModelName": "m",
        "TransformInput": {**given, "DataSource": data},
        "TransformOutput": {**OUTPUT, **changes.pop("output", {})},
        "TransformResources": resources,
        **changes,
    }


def test_a_job_is_described_as_it_was_asked_for_with_what_is_filled_in(
    sagemaker: Any, clock: ManualClock
) -> None:
    asked = request(
        "Job",
        MaxConcurrentTransforms=4,
        MaxPayloadInMB=10,
        BatchStrategy="SingleRecord",
        ModelClientConfig={"InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 1},
        Environment={"COLOUR": "red"},
        DataProcessing={"JoinSource": "Input", "InputFilter": "$[1:]"},
        DataCaptureConfig={"DestinationS3Uri": "s3://out/captured"},
        output={"KmsKeyId": "key"},
    )
    created = sagemaker.create_transform_job(**asked)

    described = sagemaker.describe_transform_job(TransformJobName="Job")

    assert created["TransformJobArn"] == ARN + "transform-job/job"
    assert described["TransformJobArn"] == created["TransformJobArn"]
    assert described["TransformJobStatus"] == "InProgress"
    assert described["CreationTime"].timestamp() == clock.now()
    assert described["TransformInput"] == {**asked["TransformInput"], "CompressionType": "None"}
    assert described["DataProcessing"] == {**asked["DataProcessing"], "OutputFilter": "$"}
    same = ("MaxConcurrentTransforms", "MaxPayloadInMB", "BatchStrategy", "ModelClientConfig")
    for member in (*same, "Environment", "TransformOutput", "TransformResources"):
        assert described[member] == asked[member]


def test_what_is_left_out_is_shown_as_it_will_be(sagemaker: Any) -> None:
    sagemaker.create_transform_job(**request())
    described = sagemaker.describe_transform_job(TransformJobName="job")
    assert described["MaxConcurrentTransforms"] == 1
    assert described["MaxPayloadInMB"] == 6
    assert described["BatchStrategy"] == "MultiRecord"
    assert described["DataProcessing"] == {
        "InputFilter": "$",
        "OutputFilter": "$",
        "JoinSource": "None",
    }


def test_a_name_is_never_free_again(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_transform_job(**request("Job"))
    text = refused(sagemaker.create_transform_job, "ResourceInUse", **request("job"))
    assert ARN + "transform-job/job" in text


def test_a_missing_model_is_named_by_its_arn(sagemaker: Any, refused: Refused) -> None:
    text = refused(sagemaker.create_transform_job, **request(ModelName="gone"))
    assert text == f'Could not find model "{ARN}model/gone".'


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source": {"S3DataType": "AugmentedManifestFile"}}, "AugmentedManifestFile"),
        ({"source": {"S3DataType": "Converse"}}, "Converse"),
        ({"source": {"S3Uri": "https://host/rows"}}, "S3Uri"),
        ({"source": {"S3DataType": "ManifestFile", "S3Uri": "s3://bucket"}}, "manifest"),
        ({"output": {"S3OutputPath": "https://host/rows"}}, "S3OutputPath"),
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB"),
        ({"MaxPayloadInMB": 26, "MaxConcurrentTransforms": 4}, "exceed 100 MB"),
        ({"BatchStrategy": "MultiRecord", "input": {"SplitType": "None"}}, "SplitType"),
        ({"DataProcessing": {"InputFilter": "1:"}}, "DataProcessing.InputFilter"),
        ({"DataProcessing": {"OutputFilter": "$.name"}}, "DataProcessing.OutputFilter"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "input": {"ContentType": "image/png"}},
            "ContentType",
        ),
        (
            {
                "DataProcessing": {"JoinSource": "Input"},
                "output": {"Accept": "application/json"},
            },
            "same type",
        ),
        (
            {"DataProcessing": {"OutputFilter": "$[0]"}, "output": {"AssembleWith": "None"}},
            "AssembleWith",
        ),
        (
            {"input": {"ContentType": "application/x-parquet", "SplitType": "RecordIO"}},
            "RecordIO cannot split Parquet",
        ),
        (
            {"input": {"ContentType": "application/x-parquet", "CompressionType": "Gzip"}},
            "Parquet",
        ),
        ({"ExperimentConfig": {"TrialName": "t"}}, "ExperimentConfig"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "unique"),
    ],
)
def test_requests_that_cannot_be_met_are_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], told: str
) -> None:
    assert told in refused(sagemaker.create_transform_job, **request(**changes))
    assert sagemaker.list_transform_jobs()["TransformJobSummaries"] == []


def test_more_instances_than_a_job_may_have_are_refused(sagemaker: Any, refused: Refused) -> None:
    text = refused(sagemaker.create_transform_job, "ResourceLimitExceeded", **request(count=101))
    assert "100 Instances" in text


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (
            {
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": "s3://b/m/",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                }
            },
            "ModelDataSource",
        ),
        ({"ModelDataUrl": "s3://b/m/", "Mode": "MultiModel"}, "MultiModel"),
    ],
)
def test_models_that_no_job_takes_are_refused(
    sagemaker: Any, refused: Refused, container: dict[str, Any], told: str
) -> None:
    sagemaker.create_model(
        ModelName="other",
        PrimaryContainer={"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3", **container},
    )
    assert told in refused(sagemaker.create_transform_job, **request(ModelName="other"))


def test_images_one_record_at_a_time_need_no_split(sagemaker: Any) -> None:
    sagemaker.create_transform_job(
        **request(
            BatchStrategy="SingleRecord",
            input={"SplitType": "None", "ContentType": "application/x-image"},
        )
    )


def test_a_job_that_goes_on_can_be_stopped_and_one_that_ended_cannot(
    sagemaker: Any, refused: Refused, server: ApiServer
) -> None:
    sagemaker.create_transform_job(**request())
    for _ in range(2):
        sagemaker.stop_transform_job(TransformJobName="job")
    stopping = sagemaker.describe_transform_job(TransformJobName="job")["TransformJobStatus"]
    end(server, "job", job_statuses.STOPPED)

    assert stopping == "Stopping"
    assert "Stopped" in refused(sagemaker.stop_transform_job, TransformJobName="job")


def test_a_job_that_is_not_there_is_not_found(sagemaker: Any, refused: Refused) -> None:
    for call in (sagemaker.describe_transform_job, sagemaker.stop_transform_job):
        assert "no-job" in refused(call, TransformJobName="no-job")


def test_jobs_are_listed_by_status_name_and_time(
    sagemaker: Any, server: ApiServer, clock: ManualClock
) -> None:
    for name in ("one", "two", "three"):
        sagemaker.create_transform_job(**request(name))
        clock.advance(10)
    end(server, "two", job_statuses.FAILED, "AlgorithmError: why")

    failed = sagemaker.list_transform_jobs(StatusEquals="Failed")["TransformJobSummaries"]
    newest = sagemaker.list_transform_jobs(MaxResults=1)
    named = sagemaker.list_transform_jobs(NameContains="T", SortBy="Name", SortOrder="Ascending")

    assert [(one["TransformJobName"], one["FailureReason"]) for one in failed] == [
        ("two", "AlgorithmError: why")
    ]
    assert failed[0]["TransformEndTime"].timestamp() == clock.now()
    assert [one["TransformJobName"] for one in newest["TransformJobSummaries"]] == ["three"]
    assert newest["NextToken"]
    assert [one["TransformJobName"] for one in named["TransformJobSummaries"]] == ["three", "two"]


def test_a_job_keeps_its_tags(sagemaker: Any) -> None:
    arn = sagemaker.create_transform_job(**request(Tags=[{"Key": "team", "Value": "red"}]))
    arn = arn["TransformJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "1"}])
    keys = [tag["Key"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]]
    assert keys == ["team", "cost"]


def test_the_limits_an_instance_has_said_are_shown(sagemaker: Any, server: ApiServer) -> None:
    sagemaker.create_transform_job(**request(MaxPayloadInMB=2, MaxConcurrentTransforms=0))
    record = server.records.get("transform-job", DEFAULT_ACCOUNT, DEFAULT_REGION, "job")
    assert record is not None
    said = {"MaxConcurrentTransforms": 8, "MaxPayloadInMB": 2, "BatchStrategy": "SingleRecord"}
    server.records.update(record, now=2.0, document={**record.document, "resolved": said})

    described = sagemaker.describe_transform_job(TransformJobName="job")

    assert {name: described[name] for name in said} == said


def end(server: ApiServer, name: str, status: str, reason: str = "") -> None:
    """Do what control does when a job is over."""
    record = server.records.get("transform-job", DEFAULT_ACCOUNT, DEFAULT_REGION, name)
    assert record is not None
    now = server.clock.now()
    document = {**record.document, "failure_reason": reason, "ended": now}
    server.records.update(record, now=now, document=document, status=status)
