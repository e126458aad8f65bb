"""Asynchronous endpoints as the control API takes, shows and changes them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.services.test_endpoint_configs import Refused

OUTPUT = {"S3OutputPath": "s3://box/out", "S3FailurePath": "s3://box/failures"}
CONFIG = {"OutputConfig": OUTPUT, "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4}}
VARIANT = {
    "VariantName": "A",
    "ModelName": "m",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}


@pytest.fixture
def model(sagemaker: Any) -> str:
    sagemaker.create_model(
        ModelName="m",
        PrimaryContainer={"Image": "image", "ModelDataUrl": "s3://b/m.tar.gz"},
    )
    return "m"


def create(sagemaker: Any, name: str = "c", **more: Any) -> None:
    asked = {"ProductionVariants": [VARIANT], "AsyncInferenceConfig": CONFIG, **more}
    sagemaker.create_endpoint_config(EndpointConfigName=name, **asked)


def test_the_config_is_kept_and_shown_by_config_and_endpoint(
    sagemaker: Any, model: str, settle: Callable[..., None]
) -> None:
    create(sagemaker)
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    settle("e")

    shown = sagemaker.describe_endpoint_config(EndpointConfigName="c")["AsyncInferenceConfig"]
    assert shown == CONFIG
    assert sagemaker.describe_endpoint(EndpointName="e")["AsyncInferenceConfig"] == CONFIG


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ({}, ".S3OutputPath: "),
        ({"S3OutputPath": "https://box/out"}, ".S3OutputPath: "),
        ({**OUTPUT, "S3FailurePath": "https://box/out"}, ".S3FailurePath: "),
        ({**OUTPUT, "KmsKeyId": "key"}, ".KmsKeyId: "),
    ],
)
def test_places_that_cannot_be_written_to_are_refused_by_member(
    sagemaker: Any, model: str, refused: Refused, output: dict[str, Any], named: str
) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[VARIANT],
        AsyncInferenceConfig={"OutputConfig": output},
    )
    assert named in message
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


def test_models_that_have_to_be_named_are_refused(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_model(
        ModelName="m",
        PrimaryContainer={"Image": "i", "ModelDataUrl": "s3://b/m/", "Mode": "MultiModel"},
    )
    asked = {"EndpointConfigName": "c", "AsyncInferenceConfig": CONFIG}
    create_config = sagemaker.create_endpoint_config
    assert "holds many models" in refused(create_config, **asked, ProductionVariants=[VARIANT])


def test_inference_components_are_refused(sagemaker: Any, refused: Refused) -> None:
    variant = {name: value for name, value in VARIANT.items() if name != "ModelName"}
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/any",
        ProductionVariants=[variant],
        AsyncInferenceConfig=CONFIG,
    )
    assert "inference components are not served asynchronously" in message


def test_an_asynchronous_variant_may_have_no_instance(
    sagemaker: Any, model: str, settle: Callable[..., None]
) -> None:
    create(sagemaker)
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    settle("e")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e",
        DesiredWeightsAndCapacities=[{"VariantName": "A", "DesiredInstanceCount": 0}],
    )
    settle("e")
    (variant,) = sagemaker.describe_endpoint(EndpointName="e")["ProductionVariants"]
    assert (variant["DesiredInstanceCount"], variant["CurrentInstanceCount"]) == (0, 0)


def test_an_endpoint_stays_what_it_is(
    sagemaker: Any, model: str, refused: Refused, settle: Callable[..., None]
) -> None:
    create(sagemaker)
    sagemaker.create_endpoint_config(EndpointConfigName="real-time", ProductionVariants=[VARIANT])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    settle("e")
    message = refused(sagemaker.update_endpoint, EndpointName="e", EndpointConfigName="real-time")
    assert "AsyncInferenceConfig" in message


def test_each_topic_is_sent_a_test_message_when_the_endpoint_is_made_or_changed(
    server: Any, sagemaker: Any, model: str, settle: Callable[..., None]
) -> None:
    topics = {name: heard(server, name) for name in ("good", "bad")}
    notification = {
        "SuccessTopic": topics["good"][0],
        "ErrorTopic": topics["bad"][0],
        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
    }
    output = {**OUTPUT, "NotificationConfig": notification}
    create(sagemaker, AsyncInferenceConfig={**CONFIG, "OutputConfig": output})
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    settle("e")
    sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c")
    settle("e")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "A", "DesiredWeight": 2.0}]
    )
    test = {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}
    for _, queue in topics.values():
        assert told(server, queue) == [test] * 3


def test_an_endpoint_whose_topic_is_missing_is_refused(
    sagemaker: Any, model: str, refused: Refused
) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:nowhere"
    output = {**OUTPUT, "NotificationConfig": {"ErrorTopic": topic}}
    create(sagemaker, AsyncInferenceConfig={**CONFIG, "OutputConfig": output})
    message = refused(sagemaker.create_endpoint, EndpointName="e", EndpointConfigName="c")
    assert f"the topic {topic} cannot be told: Topic does not exist" in message
    assert sagemaker.list_endpoints()["Endpoints"] == []


def heard(server: Any, name: str) -> tuple[str, str]:
    """A topic, and a queue that hears of it as it was said: ARN and URL."""
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=found["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return topic, queue


def told(server: Any, queue: str) -> list[dict[str, Any]]:
    found = server.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]
