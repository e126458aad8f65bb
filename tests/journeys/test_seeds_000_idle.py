"""Seed 000 B: a scheduled function switches an endpoint off when nobody calls it, and another one
switches it on again in the morning. The clock is moved, not waited for.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import ROWS, classifier, deploy, model_archive, predict, settled, until
from tests.support.lambda_functions import create as create_function

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

NAME = "seed000-idle"
SWITCHES_OFF = """
import boto3
from datetime import datetime, timedelta
def handler(event, context):
    name, now = event["endpoint"], datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker", MetricName="Invocations", Statistics=["Sum"], Period=60,
        Dimensions=[{"Name": "EndpointName", "Value": name},
                    {"Name": "VariantName", "Value": "AllTraffic"}],
        StartTime=now - timedelta(minutes=15), EndTime=now + timedelta(minutes=1))
    calls = sum(point["Sum"] for point in found["Datapoints"])
    print("calls", int(calls), flush=True)
    if not calls:
        boto3.client("sagemaker").delete_endpoint(EndpointName=name)
"""
SWITCHES_ON = """
import boto3
def handler(event, context):
    name = event["endpoint"]
    boto3.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name)
"""


def every(platform: Platform, name: str, schedule: str, source: str) -> None:
    """A rule that calls a function with the time and the endpoint's name."""
    events, functions = platform.client("events"), platform.client("lambda")
    rule = events.put_rule(Name=name, ScheduleExpression=schedule)["RuleArn"]
    arn = create_function(functions, name, source, Timeout=60)["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    shape = {
        "InputPathsMap": {"time": "$.time"},
        "InputTemplate": json.dumps({"time": "<time>", "endpoint": NAME}),
    }
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "InputTransformer": shape}])


def counted(platform: Platform, runs: int) -> list[str]:
    """What the function saw at each run, once it has run so often."""
    logs = platform.client("logs")

    def seen() -> list[str] | None:
        try:
            found = logs.filter_log_events(
                logGroupName=f"/aws/lambda/{NAME}-off", filterPattern="calls"
            )
        except logs.exceptions.ResourceNotFoundException:
            return None
        said = [event["message"].strip() for event in found["events"]]
        return said if len(said) >= runs else None

    return list(until(seen, 120))


def is_counted(platform: Platform) -> bool:
    now = datetime.now(UTC)
    found = platform.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[
            {"Name": "EndpointName", "Value": NAME},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=now - timedelta(days=300),
        EndTime=now + timedelta(days=300),
        Period=86_400,
        Statistics=["Sum"],
    )
    return bool(found["Datapoints"])


def is_there(platform: Platform) -> bool:
    try:
        platform.client("sagemaker").describe_endpoint(EndpointName=NAME)
    except ClientError:
        return False
    return True


def test_an_idle_endpoint_is_switched_off_by_a_schedule_and_on_again_in_the_morning(
    movable: Platform,
) -> None:
    movable.reset()  # and with everything else the clock: edges count by the machine's own
    model = classifier()
    deploy(movable, NAME, model_archive(model))
    runtime = movable.client("sagemaker-runtime")
    assert predict(runtime, NAME, ROWS[:2]) == model.predict(ROWS[:2]).tolist()
    until(lambda: is_counted(movable), 60)
    every(movable, f"{NAME}-off", "rate(5 minutes)", SWITCHES_OFF)

    movable.advance(301)

    assert counted(movable, 1) == ["calls 1"]
    assert is_there(movable)

    movable.advance(3600)
    counted(movable, 2)  # one time was missed in that hour; its event is told with that time
    movable.advance(301)

    assert counted(movable, 3)[-1] == "calls 0"
    until(lambda: not is_there(movable), 120)
    movable.client("events").disable_rule(Name=f"{NAME}-off")
    every(movable, f"{NAME}-on", "cron(0 6 * * ? *)", SWITCHES_ON)

    movable.advance(24 * 3600)

    until(lambda: is_there(movable), 120)
    assert settled(movable, NAME)["EndpointStatus"] == "InService"
    assert predict(runtime, NAME, ROWS[:2]) == model.predict(ROWS[:2]).tolist()
    movable.client("sagemaker").delete_endpoint(EndpointName=NAME)
    for rule in (f"{NAME}-off", f"{NAME}-on"):
        movable.client("events").remove_targets(Rule=rule, Ids=["1"])
        movable.client("events").delete_rule(Name=rule)
