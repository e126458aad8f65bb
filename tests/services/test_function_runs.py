"""Functions on a whole platform: what they reach, what they leave in logs and metrics."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.lambda_functions import create, invoke, zipped


@pytest.fixture(scope="module")
def client(platform: Platform) -> Any:
    return platform.client("lambda")


def test_plain_boto3_inside_is_the_role_and_reaches_the_platform(
    platform: Platform, client: Any
) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = platform.client("iam").create_role(
        RoleName="runs-worker", AssumeRolePolicyDocument=json.dumps(policy)
    )
    code = """
import boto3

s3, sts = boto3.client("s3"), boto3.client("sts")

def handler(event, context):
    s3.create_bucket(Bucket="runs-inside")
    s3.put_object(Bucket="runs-inside", Key="k", Body=b"from inside")
    return sts.get_caller_identity()["Arn"]
"""
    create(client, "runs-boto3", code, Role=role["Role"]["Arn"], Timeout=60)

    who = invoke(client, "runs-boto3")

    assert who == "arn:aws:sts::000000000000:assumed-role/runs-worker/runs-boto3"
    got = platform.client("s3").get_object(Bucket="runs-inside", Key="k")
    assert got["Body"].read() == b"from inside"


def test_a_function_calls_another(client: Any) -> None:
    create(client, "runs-inner", "def handler(event, context): return event + 1", Timeout=60)
    outer = """
import boto3, json
client = boto3.client("lambda")
def handler(event, context):
    answer = client.invoke(FunctionName="runs-inner", Payload=json.dumps(event))
    return json.load(answer["Payload"]) * 10
"""
    create(client, "runs-outer", outer, Timeout=60)
    assert invoke(client, "runs-outer", 4) == 50


def test_the_answer_brings_the_tail_of_the_log_and_the_version(client: Any) -> None:
    create(client, "runs-tail", "def handler(event, context): print('hello', event)", Publish=True)

    answer = client.invoke(FunctionName="runs-tail:1", LogType="Tail", Payload=b'"you"')

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert f"START RequestId: {request_id} Version: 1\nhello you\nEND RequestId:" in tail


def test_logs_and_metrics_are_where_cloudwatch_has_them(platform: Platform, client: Any) -> None:
    create(client, "runs-logs", "def handler(event, context):\n    print('seen')\n    return 1 / 0")
    answer = client.invoke(FunctionName="runs-logs")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "ZeroDivisionError"

    logs, group = platform.client("logs"), "/aws/lambda/runs-logs"

    def messages() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found]

    until(lambda: any(message.startswith("REPORT") for message in messages()))
    assert "seen" in messages()
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    day, _, name = stream.rpartition("/")
    assert name.startswith("[$LATEST]")
    assert len(day) == len("2026/01/31")

    def listed() -> set[str]:
        found = platform.client("cloudwatch").list_metrics(
            Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": "runs-logs"}]
        )
        return {one["MetricName"] for one in found["Metrics"]}

    until(lambda: {"Invocations", "Errors", "Duration", "Throttles"} <= listed())


def test_changed_code_runs_with_the_next_call(client: Any) -> None:
    create(client, "runs-change", "def handler(event, context): return 1")
    assert invoke(client, "runs-change") == 1

    code = zipped(app="import os\ndef handler(event, context): return os.environ.get('NEW', '2')")
    client.update_function_code(FunctionName="runs-change", ZipFile=code)
    client.get_waiter("function_updated_v2").wait(FunctionName="runs-change")
    assert invoke(client, "runs-change") == "2"

    client.update_function_configuration(
        FunctionName="runs-change", Environment={"Variables": {"NEW": "3"}}
    )
    client.get_waiter("function_updated_v2").wait(FunctionName="runs-change")
    assert invoke(client, "runs-change") == "3"


def test_a_function_without_concurrency_is_throttled(platform: Platform, client: Any) -> None:
    create(client, "runs-none", "def handler(event, context): return 1")
    client.put_function_concurrency(FunctionName="runs-none", ReservedConcurrentExecutions=0)
    once = platform.client("lambda", retries={"max_attempts": 0})

    with pytest.raises(ClientError) as raised:
        once.invoke(FunctionName="runs-none")

    told = raised.value.response
    assert told["Error"]["Code"] == "TooManyRequestsException"
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert told["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.delete_function_concurrency(FunctionName="runs-none")
    assert invoke(client, "runs-none") == 1
