"""EventBridge Scheduler through boto3, on a clock that is moved."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.event_queues import EventQueue

ROLE = "arn:aws:iam::000000000000:role/scheduler"
OFF = {"Mode": "OFF"}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


@pytest.fixture
def scheduler(movable: Platform) -> Any:
    return movable.client("scheduler")


def create(scheduler: Any, name: str, when: str, target: dict[str, Any], **more: Any) -> str:
    answer = scheduler.create_schedule(
        **{
            "Name": name,
            "ScheduleExpression": when,
            "FlexibleTimeWindow": OFF,
            "Target": {"RoleArn": ROLE, **target},
            **more,
        }
    )
    return str(answer["ScheduleArn"])


def now(movable: Platform) -> datetime:
    return datetime.fromtimestamp(movable.advance(0), UTC)


def test_one_time_happens_once_and_may_remove_the_schedule(
    movable: Platform, scheduler: Any
) -> None:
    queue = EventQueue(movable, "sch-once")
    at = now(movable) + timedelta(hours=2)
    arn = create(
        scheduler,
        "once",
        f"at({at:%Y-%m-%dT%H:%M:%S})",
        {"Arn": queue.arn, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
        ActionAfterCompletion="DELETE",
    )
    assert arn.endswith(":schedule/default/once")
    movable.advance(3 * 3600)
    assert queue.bodies() == [{"at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}]
    missing = scheduler.exceptions.ResourceNotFoundException
    with pytest.raises(missing):
        scheduler.get_schedule(Name="once")
    movable.advance(3600)
    assert queue.empty()


def test_a_cron_is_read_in_its_time_zone(movable: Platform, scheduler: Any) -> None:
    queue = EventQueue(movable, "sch-zone")
    create(
        scheduler,
        "zone",
        "cron(30 8 * * ? *)",
        {"Arn": queue.arn},
        ScheduleExpressionTimezone="Asia/Kolkata",
    )
    movable.advance(24 * 3600)
    (event,) = queue.bodies()
    assert event["time"][10:] == "T03:00:00Z"
    assert (event["source"], event["detail"]) == ("aws.scheduler", "{}")
    scheduler.delete_schedule(Name="zone")


def test_a_rate_begins_at_once_and_ends_with_its_end(movable: Platform, scheduler: Any) -> None:
    queue = EventQueue(movable, "sch-rate")
    end = now(movable) + timedelta(hours=2, minutes=30)
    create(scheduler, "rate", "rate(1 hour)", {"Arn": queue.arn}, EndDate=end)
    queue.take()
    for _ in range(2):
        movable.advance(3600)
        queue.take()
    movable.advance(2 * 3600)
    assert queue.empty()


def test_a_flexible_window_delays_within_its_bounds(movable: Platform, scheduler: Any) -> None:
    queue = EventQueue(movable, "sch-window")
    at = now(movable) + timedelta(minutes=5)
    create(
        scheduler,
        "window",
        f"at({at:%Y-%m-%dT%H:%M:%S})",
        {"Arn": queue.arn},
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60},
    )
    movable.advance(66 * 60)
    assert queue.bodies()[0]["time"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_any_operation_of_the_platform_can_be_a_target(movable: Platform, scheduler: Any) -> None:
    members = {"EventBusName": "x", "Name": "made-by-schedule"}
    create(
        scheduler,
        "universal",
        "rate(1 day)",
        {
            "Arn": "arn:aws:scheduler:::aws-sdk:sns:createTopic",
            "Input": json.dumps({"Name": members["Name"]}),
        },
    )
    sns = movable.client("sns")
    until(lambda: "made-by-schedule" in str(sns.list_topics()["Topics"]))
    scheduler.delete_schedule(Name="universal")


def test_what_an_operation_refuses_becomes_a_dead_letter(movable: Platform, scheduler: Any) -> None:
    letters = EventQueue(movable, "sch-letters", "scheduler")
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution",
        "Input": '{"PipelineName": "nowhere"}',
        "DeadLetterConfig": {"Arn": letters.arn},
    }
    arn = create(scheduler, "refused", "rate(1 day)", target)
    (letter,) = letters.take()
    said = letter["MessageAttributes"]
    assert said["SCHEDULE_ARN"]["StringValue"] == arn
    assert said["ERROR_MESSAGE"]["StringValue"]
    scheduler.delete_schedule(Name="refused")


def test_a_schedule_puts_events_on_a_bus(movable: Platform, scheduler: Any) -> None:
    queue, events = EventQueue(movable, "sch-bus"), movable.client("events")
    events.put_rule(Name="of-schedules", EventPattern='{"source": ["my.schedule"]}')
    events.put_targets(Rule="of-schedules", Targets=[{"Id": "1", "Arn": queue.arn}])
    target = {
        "Arn": "arn:aws:events:us-east-1:000000000000:event-bus/default",
        "EventBridgeParameters": {"Source": "my.schedule", "DetailType": "tick"},
        "Input": '{"a": 1}',
    }
    create(scheduler, "bus", "rate(1 day)", target)
    (event,) = queue.bodies()
    assert (event["detail-type"], event["detail"]) == ("tick", {"a": 1})
    scheduler.delete_schedule(Name="bus")


def test_schedules_are_shown_listed_replaced_and_deleted(
    scheduler: Any, refused: Callable[..., str]
) -> None:
    scheduler.create_schedule_group(Name="mine", Tags=[{"Key": "a", "Value": "1"}])
    create(
        scheduler, "kept", "rate(2 days)", {"Arn": QUEUE}, GroupName="mine", State="DISABLED",
        ClientToken="t" * 32,
    )  # fmt: skip
    same = {"GroupName": "mine", "State": "DISABLED"}
    create(scheduler, "kept", "rate(2 days)", {"Arn": QUEUE}, **same, ClientToken="t" * 32)
    with pytest.raises(scheduler.exceptions.ConflictException):
        create(scheduler, "kept", "rate(2 days)", {"Arn": QUEUE}, **same)
    found = scheduler.get_schedule(Name="kept", GroupName="mine")
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "rate(2 days)")
    scheduler.update_schedule(
        Name="kept",
        GroupName="mine",
        ScheduleExpression="cron(0 0 L * ? *)",
        FlexibleTimeWindow=OFF,
        Target={"Arn": QUEUE, "RoleArn": ROLE},
        State="DISABLED",
    )
    (listed,) = scheduler.list_schedules(GroupName="mine")["Schedules"]
    assert (listed["Name"], listed["Target"]["Arn"]) == ("kept", QUEUE)
    scheduler.delete_schedule_group(Name="mine")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="kept", GroupName="mine")


WRONG = [
    {"ScheduleExpression": "rate(1 hours)"},
    {"ScheduleExpression": "cron(0 0 1 * *)"},
    {"ScheduleExpression": "at(tomorrow)"},
    {"ScheduleExpressionTimezone": "Mars/Olympus"},
    {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
    {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
    {"StartDate": datetime(2030, 1, 2, tzinfo=UTC), "EndDate": datetime(2030, 1, 1, tzinfo=UTC)},
    {"Target": {"RoleArn": ROLE, "Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}},
    {"Target": {"RoleArn": ROLE, "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:fly"}},
    {"Target": {"RoleArn": ROLE, "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:listModels"}},
    {"Target": {"RoleArn": ROLE, "Arn": f"{QUEUE}.fifo"}},
    {"Target": {"RoleArn": ROLE, "Arn": "arn:aws:scheduler:::aws-sdk:sns:publish", "Input": "{"}},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_schedule_that_cannot_be_is_refused(
    scheduler: Any, refused: Callable[..., str], wrong: dict[str, Any]
) -> None:
    asked = {
        "Name": "wrong",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": QUEUE, "RoleArn": ROLE},
        **wrong,
    }
    assert refused(scheduler.create_schedule, **asked)
