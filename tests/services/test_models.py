"""Models through boto3: what is given is kept, refusals say what to change."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.state.events import EventOutbox
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/"
CONTAINER = {"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3", "ModelDataUrl": "s3://b/m.tar.gz"}
Refused = Callable[..., str]


def test_a_model_is_described_as_it_was_created(sagemaker: Any) -> None:
    asked = {
        "ModelName": "Fraud-1",
        "PrimaryContainer": {**CONTAINER, "Environment": {"A": "b"}, "ContainerHostname": "h"},
        "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["s-1"]},
        "EnableNetworkIsolation": True,
    }
    created = sagemaker.create_model(**asked, Tags=[{"Key": "k", "Value": "v"}])
    assert created["ModelArn"] == ARN + "fraud-1"
    described = sagemaker.describe_model(ModelName="Fraud-1")
    asked["PrimaryContainer"]["Mode"] = "SingleModel"
    assert {name: described[name] for name in asked} == asked
    assert described["ModelArn"] == ARN + "fraud-1"
    assert described["CreationTime"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert "Tags" not in described


def test_one_container_may_be_given_as_a_list(sagemaker: Any) -> None:
    sagemaker.create_model(ModelName="m", Containers=[CONTAINER])
    described = sagemaker.describe_model(ModelName="m")
    assert [container["Image"] for container in described["Containers"]] == [CONTAINER["Image"]]
    assert "PrimaryContainer" not in described


@pytest.mark.parametrize(
    ("uri", "kind", "compression"),
    [
        ("s3://b/m.tar.gz", "S3Object", "Gzip"),
        ("s3://b/m.joblib", "S3Object", "None"),
        ("s3://b/m/", "S3Prefix", "None"),
    ],
)
def test_packed_and_plain_objects_are_model_data_sources(
    sagemaker: Any, uri: str, kind: str, compression: str
) -> None:
    source = {"S3Uri": uri, "S3DataType": kind, "CompressionType": compression}
    container = {"Image": "i", "ModelDataSource": {"S3DataSource": source}}
    sagemaker.create_model(ModelName="m", PrimaryContainer=container)
    described = sagemaker.describe_model(ModelName="m")["PrimaryContainer"]
    assert described["ModelDataSource"] == {"S3DataSource": source}


@pytest.mark.parametrize("again", ["Fraud", "fraud"])
def test_a_name_that_is_taken_is_refused_by_its_arn(
    sagemaker: Any, refused: Refused, again: str
) -> None:
    sagemaker.create_model(ModelName="Fraud", PrimaryContainer=CONTAINER)
    message = refused(sagemaker.create_model, ModelName=again, PrimaryContainer=CONTAINER)
    assert message == f'Cannot create already existing model "{ARN}fraud".'


def test_a_missing_model_is_named_by_its_arn(sagemaker: Any, refused: Refused) -> None:
    for call in (sagemaker.describe_model, sagemaker.delete_model):
        assert refused(call, ModelName="Nope") == f'Could not find model "{ARN}nope".'


def test_a_deleted_model_is_gone_and_its_name_free(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_model(ModelName="m", PrimaryContainer=CONTAINER)
    sagemaker.delete_model(ModelName="m")
    assert "Could not find" in refused(sagemaker.describe_model, ModelName="m")
    sagemaker.create_model(ModelName="m", PrimaryContainer=CONTAINER)


def test_another_region_has_its_own_models(server: Any, sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_model(ModelName="m", PrimaryContainer=CONTAINER)
    elsewhere = server.client("sagemaker", region="eu-west-1")
    assert elsewhere.list_models()["Models"] == []
    created = elsewhere.create_model(ModelName="m", PrimaryContainer=CONTAINER)
    assert created["ModelArn"] == "arn:aws:sagemaker:eu-west-1:000000000000:model/m"


def source(**changes: str) -> dict[str, Any]:
    given = {"S3Uri": "s3://b/m", "S3DataType": "S3Object", "CompressionType": "Gzip", **changes}
    return {"PrimaryContainer": {"Image": "i", "ModelDataSource": {"S3DataSource": given}}}


def named(host_name: str) -> dict[str, Any]:
    return {**CONTAINER, "ContainerHostname": host_name}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Give one of PrimaryContainer and Containers"),
        ({"PrimaryContainer": CONTAINER, "Containers": [CONTAINER]}, "not both"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/m"}}, "needs an Image"),
        (
            {"PrimaryContainer": CONTAINER, "InferenceExecutionConfig": {"Mode": "Serial"}},
            "InferenceExecutionConfig is for",
        ),
        ({"Containers": [named("a"), named("a")]}, "only once"),
        ({"Containers": [named("a"), CONTAINER]}, "to all Containers, or to none"),
        (
            {
                "PrimaryContainer": {
                    **CONTAINER,
                    "MultiModelConfig": {"ModelCacheSetting": "Enabled"},
                }
            },
            "MultiModelConfig is for",
        ),
        (
            {"PrimaryContainer": {"Image": "i", "Mode": "MultiModel"}},
            "needs ModelDataUrl, the S3 prefix",
        ),
        (
            {"Containers": [{**named(n), "Mode": "MultiModel"} for n in "ab"]},
            "At most one container",
        ),
        ({"PrimaryContainer": {"ModelPackageName": "p"}}, "model-package/p does not exist"),
        (
            {
                "Containers": [named("a"), CONTAINER],
                "InferenceExecutionConfig": {"Mode": "Direct"},
            },
            "Every container needs a ContainerHostname",
        ),
        (source(S3DataType="S3Prefix", S3Uri="s3://b/m/"), "CompressionType Gzip is for one"),
        (source(S3DataType="S3Prefix", CompressionType="None"), "ends in / when S3DataType is"),
        (source(S3Uri="s3://b/m/", CompressionType="None"), "ends in / when S3DataType is"),
        (source(S3Uri="https://b/m"), "S3DataSource.S3Uri: "),
        (source(ManifestS3Uri="s3://b/m"), "S3DataSource.ManifestS3Uri: "),
        ({"PrimaryContainer": {**CONTAINER, "ModelDataUrl": "https://h/m"}}, ".ModelDataUrl: "),
        (
            {"PrimaryContainer": {**CONTAINER, **source()["PrimaryContainer"]}},
            "ModelDataUrl or ModelDataSource, not both",
        ),
        (
            {
                "PrimaryContainer": {
                    **CONTAINER,
                    "ImageConfig": {"RepositoryAccessMode": "Vpc"},
                }
            },
            "ImageConfig.RepositoryAccessMode: ",
        ),
    ],
)
def test_what_cannot_run_is_refused_by_member_and_nothing_is_kept(
    sagemaker: Any, refused: Refused, asked: dict[str, Any], told: str
) -> None:
    assert told in refused(sagemaker.create_model, ModelName="m", **asked)
    assert sagemaker.list_models()["Models"] == []


@pytest.fixture
def full_disk(server: ApiServer) -> Iterator[None]:
    """The database may not grow by one page more."""
    with server._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    yield
    with server._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")


def test_a_full_disk_is_an_error_and_what_was_there_stays(sagemaker: Any, full_disk: None) -> None:
    big = {"Image": "i", "Environment": {f"K{n}": "v" * 1000 for n in range(100)}}
    kept: list[str] = []

    def fill() -> None:
        for number in range(10, 99):
            sagemaker.create_model(ModelName=f"m{number}", PrimaryContainer=big)
            kept.append(f"m{number}")

    with pytest.raises(sagemaker.exceptions.ClientError) as raised:
        fill()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    listed = sagemaker.list_models(SortBy="Name", SortOrder="Ascending", MaxResults=100)["Models"]
    assert [model["ModelName"] for model in listed] == kept


def test_the_end_of_a_model_is_told_with_its_tags(sagemaker: Any, server: ApiServer) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    sagemaker.create_model(ModelName="m", PrimaryContainer=CONTAINER, Tags=tags)
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    sagemaker.delete_model(ModelName="m")
    (event,) = outbox.after(before)
    assert (event.detail_type, event.resources) == ("SageMaker Model State Change", [ARN + "m"])
    assert event.detail["Tags"] == {"k": "v"}
