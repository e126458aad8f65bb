"""What EventBridge and Scheduler keep of a request, and what they refuse; nothing is delivered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer

ROLE = "arn:aws:iam::000000000000:role/r"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
SDK = "arn:aws:scheduler:::aws-sdk"


@pytest.fixture
def events(server: ApiServer) -> Any:
    return server.client("events")


@pytest.fixture
def scheduler(server: ApiServer) -> Any:
    return server.client("scheduler")


def asked(name: str = "s", target: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"RoleArn": ROLE, **(target or {"Arn": QUEUE})},
        **more,
    }


@pytest.mark.parametrize(
    "detail",
    ['{"n": NaN}', '{"n": -Infinity}', '{"n": 1e999}', "[1]", '{"n":' * 600 + "1" + "}" * 600],
)
def test_a_detail_that_nobody_could_be_given_fails_alone(events: Any, detail: str) -> None:
    entries = [{"Source": "my", "DetailType": "d", "Detail": text} for text in (detail, "{}")]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "MalformedDetail"
    assert answer["Entries"][1]["EventId"]


def test_a_permission_keeps_its_condition(events: Any, refused: Callable[..., str]) -> None:
    of = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-123"}
    events.put_permission(Action="events:PutEvents", Principal="*", StatementId="org", Condition=of)
    policy = json.loads(events.describe_event_bus()["Policy"])
    (statement,) = policy["Statement"]
    wrong = {"Action": "events:PutRule", "Principal": "*", "StatementId": "no"}
    assert "'action' is not supported" in refused(events.put_permission, **wrong)
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-123"}}


@pytest.mark.parametrize(
    "policy",
    [
        '{"Statement": null}',
        '{"Statement": ["x"]}',
        '{"Statement": [{"Effect": "Allow", "Condition": [1]}]}',
        '{"Statement": [{"Effect": ["Allow"]}]}',
        "[]",
    ],
)
def test_what_is_no_policy_is_refused_by_buses_queues_and_topics(
    server: ApiServer, events: Any, refused: Callable[..., str], policy: str
) -> None:
    sqs, sns = server.client("sqs"), server.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    refused(events.put_permission, Policy=policy)
    refused(
        sqs.set_queue_attributes,
        "InvalidAttributeValue",
        QueueUrl=url,
        Attributes={"Policy": policy},
    )
    refused(
        sns.set_topic_attributes,
        "InvalidParameter",
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy,
    )


def test_a_rule_that_is_put_again_is_what_is_said_now(events: Any) -> None:
    """What is left out is not kept (botocore's documentation of PutRule), its state neither."""
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}', State="DISABLED", Description="d")
    events.put_rule(Name="r", EventPattern='{"source": ["b"]}')
    found = events.describe_rule(Name="r")
    assert (found["State"], found.get("Description")) == ("ENABLED", None)


def test_the_default_bus_has_tags_too(events: Any, refused: Callable[..., str]) -> None:
    arn = events.describe_event_bus()["Arn"]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    missing = "ResourceNotFoundException"
    assert elsewhere in refused(events.list_tags_for_resource, missing, ResourceARN=elsewhere)


def test_a_token_of_no_list_is_refused(
    events: Any, scheduler: Any, refused: Callable[..., str]
) -> None:
    for listing in (events.list_rules, scheduler.list_schedules):
        assert "NextToken" in refused(listing, NextToken="@@@")


def test_a_bus_of_another_account_is_no_target(events: Any) -> None:
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    arn = "arn:aws:events:us-east-1:111111111111:event-bus/default"
    answer = events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "RoleArn": ROLE}])
    assert "other accounts" in answer["FailedEntries"][0]["ErrorMessage"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"}, "Step Functions"),
        ({"Arn": f"{SDK}:sqs:receiveMessage", "Input": "{}"}, "no operation that can be a target"),
        ({"Arn": f"{SDK}:sagemaker:batchDescribeModelPackage"}, "no operation"),
        (
            {
                "Arn": "arn:aws:events:us-east-1:000000000000:event-bus/default",
                "EventBridgeParameters": {"Source": "my", "DetailType": "d"},
                "Input": "[1]",
            },
            "JSON object",
        ),
    ],
)
def test_a_schedule_says_why_something_is_no_target(
    scheduler: Any, refused: Callable[..., str], target: dict[str, Any], why: str
) -> None:
    assert why in refused(scheduler.create_schedule, **asked(target=target))


def test_a_schedule_cannot_have_begun_long_ago(
    scheduler: Any, clock: ManualClock, refused: Callable[..., str]
) -> None:
    now = datetime.fromtimestamp(clock.now(), UTC)
    scheduler.create_schedule(**asked(StartDate=now - timedelta(minutes=4)))
    old = asked(StartDate=now - timedelta(minutes=6))
    for call in (scheduler.create_schedule, scheduler.update_schedule):
        assert refused(call, **old) == (
            "The StartDate you specify cannot be earlier than 5 minutes ago."
        )
