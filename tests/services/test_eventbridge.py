"""EventBridge through boto3: rules and what they give to targets."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.endpoints import archive, create_config, create_model, until
from tests.support.event_queues import EventQueue


@pytest.fixture
def events(platform: Platform) -> Any:
    return platform.client("events")


@pytest.fixture
def queue(platform: Platform, request: pytest.FixtureRequest) -> EventQueue:
    return EventQueue(platform, f"eb-{request.node.name[5:60].split('[')[0]}")


@pytest.fixture
def source(request: pytest.FixtureRequest) -> str:
    return f"my.{request.node.name.split('[')[0]}"


def rule(events: Any, source: str, *targets: dict[str, Any], **pattern: Any) -> str:
    """A rule for events of a source, with targets 1, 2, …; returns its name."""
    name = source.replace(".", "-")[:64]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [source], **pattern}))
    numbered = [{"Id": str(number), **target} for number, target in enumerate(targets, 1)]
    answer = events.put_targets(Rule=name, Targets=numbered)
    assert answer["FailedEntryCount"] == 0, answer
    return name


def put(events: Any, source: str, **detail: Any) -> str:
    entry = {"Source": source, "DetailType": "it", "Detail": json.dumps(detail)}
    answer = events.put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer
    return str(answer["Entries"][0]["EventId"])


def test_an_event_that_fits_reaches_the_target_whole(
    events: Any, queue: EventQueue, source: str
) -> None:
    rule(events, source, {"Arn": queue.arn}, detail={"size": [{"numeric": [">", 1]}]})
    put(events, source, size=1)
    event_id = put(events, source, size=2)
    (event,) = queue.bodies()
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": event_id,
        "detail-type": "it",
        "source": source,
        "account": "000000000000",
        "region": "us-east-1",
        "resources": [],
        "detail": {"size": 2},
    }


TRANSFORMED = [
    ({"Input": '{"a": 1}'}, {"a": 1}),
    ({"InputPath": "$.detail.who"}, {"name": "ann"}),
    ({"InputPath": "$.detail.nothing"}, None),
    (
        {
            "InputTransformer": {
                "InputPathsMap": {"n": "$.detail.who.name", "w": "$.detail.who", "no": "$.x"},
                "InputTemplate": '{"text": "hi <n><no>", "name": <n>, "who": <w>, "no": <no>}',
            }
        },
        {"text": "hi ann", "name": "ann", "who": {"name": "ann"}, "no": None},
    ),
    (
        {"InputTransformer": {"InputPathsMap": {"n": "$.source"}, "InputTemplate": '"from <n>"'}},
        "from my.test_a_target_is_given_what_it_asks_for",
    ),
]


@pytest.mark.parametrize(("asked", "given"), TRANSFORMED)
def test_a_target_is_given_what_it_asks_for(
    events: Any, queue: EventQueue, source: str, asked: dict[str, Any], given: Any
) -> None:
    rule(events, source, {"Arn": queue.arn, **asked})
    put(events, source, who={"name": "ann"})
    assert queue.bodies() == [given]


def test_a_template_knows_its_rule_and_the_event(
    events: Any, queue: EventQueue, source: str
) -> None:
    template = '{"rule": "<aws.events.rule-name>", "e": <aws.events.event.json>}'
    transformer = {"InputTransformer": {"InputTemplate": template}}
    name = rule(events, source, {"Arn": queue.arn, **transformer})
    put(events, source, a=1)
    (given,) = queue.bodies()
    assert given["rule"] == name
    assert given["e"]["detail"] == {"a": 1}


def test_what_no_target_takes_becomes_a_dead_letter(
    platform: Platform, events: Any, queue: EventQueue, source: str
) -> None:
    sqs = platform.client("sqs")
    closed = "arn:aws:sqs:us-east-1:000000000000:eb-closed"
    sqs.create_queue(QueueName="eb-closed")
    gone = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    letters = {"DeadLetterConfig": {"Arn": queue.arn}}
    template = {
        "InputTransformer": {"InputPathsMap": {"x": "$.detail.t"}, "InputTemplate": '{"x": "<x>"}'}
    }
    name = rule(
        events,
        source,
        {"Arn": gone, **letters},
        {"Arn": closed, **letters},
        {"Arn": queue.arn, **letters, **template},
    )
    put(events, source, t='a "quoted" text')
    found = {one["MessageAttributes"]["ERROR_CODE"]["StringValue"]: one for one in queue.take(3)}
    assert set(found) == {"NO_RESOURCE", "NO_PERMISSIONS", "INVALID_JSON"}
    said = found["NO_RESOURCE"]["MessageAttributes"]
    assert said["TARGET_ARN"]["StringValue"] == gone
    assert said["RULE_ARN"]["StringValue"].endswith(f":rule/{name}")
    assert json.loads(found["NO_RESOURCE"]["Body"])["source"] == source


def test_events_go_from_bus_to_bus_once(events: Any, queue: EventQueue, source: str) -> None:
    bus = events.create_event_bus(Name="second-bus")["EventBusArn"]
    rule(events, source, {"Arn": bus})
    pattern = json.dumps({"source": [source]})
    events.put_rule(Name="onward", EventBusName="second-bus", EventPattern=pattern)
    default = bus.replace("second-bus", "default")
    targets = [{"Id": "1", "Arn": queue.arn}, {"Id": "2", "Arn": default}]
    events.put_targets(Rule="onward", EventBusName=bus, Targets=targets)
    event_id = put(events, source)
    put(events, source, again=True)
    assert event_id in [event["id"] for event in queue.bodies(2)]
    assert queue.empty()


def test_a_log_group_takes_events_as_lines(platform: Platform, events: Any, source: str) -> None:

    logs = platform.client("logs")
    logs.create_log_group(logGroupName="/events/lines")
    rule(events, source, {"Arn": "arn:aws:logs:us-east-1:000000000000:log-group:/events/lines"})
    put(events, source, a=1)
    lines = until(lambda: logs.filter_log_events(logGroupName="/events/lines")["events"])
    assert json.loads(lines[0]["message"])["detail"] == {"a": 1}


def test_a_fifo_queue_gets_events_in_their_order(
    platform: Platform, events: Any, source: str
) -> None:
    queue = EventQueue(
        platform, "eb-order.fifo", FifoQueue="true", ContentBasedDeduplication="true"
    )
    rule(events, source, {"Arn": queue.arn, "SqsParameters": {"MessageGroupId": "g"}})
    entries = [
        {"Source": source, "DetailType": "it", "Detail": json.dumps({"n": n})} for n in range(10)
    ]
    events.put_events(Entries=entries)
    assert [event["detail"]["n"] for event in queue.bodies(10)] == list(range(10))


def test_states_of_sagemaker_are_events(platform: Platform, events: Any, queue: EventQueue) -> None:
    events.put_rule(
        Name="models",
        EventPattern=json.dumps(
            {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Endpoint Config State Change"],
                "detail": {"EndpointConfigName": ["seen-by-events"]},
            }
        ),
    )
    events.put_targets(Rule="models", Targets=[{"Id": "1", "Arn": queue.arn}])

    create_model(platform, "seen-by-events", archive({"model.joblib": b"x"}))
    create_config(platform, "seen-by-events", A=("seen-by-events", 1, 1.0))
    (event,) = queue.bodies()
    assert event["resources"][0].endswith("endpoint-config/seen-by-events")


def test_a_disabled_rule_gives_nothing(events: Any, queue: EventQueue, source: str) -> None:
    name = rule(events, source, {"Arn": queue.arn})
    events.disable_rule(Name=name)
    put(events, source, n=1)
    events.enable_rule(Name=name)
    put(events, source, n=2)
    assert [event["detail"]["n"] for event in queue.bodies()] == [2]


def test_entries_that_are_wrong_fail_alone(events: Any, source: str) -> None:
    good = {"Source": source, "DetailType": "it", "Detail": "{}"}
    wrong = [
        {**good, "Source": "aws.mine"},
        {**good, "Detail": "[]"},
        {**good, "Detail": "{"},
        {**good, "EventBusName": "nowhere"},
        {"Source": source, "Detail": "{}"},
    ]
    answer = events.put_events(Entries=[good, *wrong])
    assert answer["FailedEntryCount"] == 5
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "MalformedDetail",
        "ResourceNotFoundException",
        "InvalidArgument",
    ]


PATTERNS = ["{", "[]", "{}", '{"source": "x"}', '{"source": []}', '{"a": [{"like": "x"}]}']


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_wrong_pattern_is_refused(events: Any, refused: Callable[..., str], pattern: str) -> None:
    asked = {"Name": "wrong", "EventPattern": pattern}
    assert "Reason" in refused(events.put_rule, "InvalidEventPatternException", **asked)
    refused(
        events.test_event_pattern,
        "InvalidEventPatternException",
        EventPattern=pattern,
        Event="{}",
    )


SCHEDULES = [
    "rate(1 hours)",
    "rate(5 minute)",
    "rate(0 minutes)",
    "rate(30 seconds)",
    "rate(-1 days)",
    "cron(0 0 1 * *)",
    "cron(0 0 1 * 2 *)",
    "cron(0 0 ? * ? *)",
    "cron(60 0 1 * ? *)",
    "cron(0 24 1 * ? *)",
    "cron(0 0 32 * ? *)",
    "cron(0 0 1 13 ? *)",
    "cron(0 0 ? * 8 *)",
    "cron(0 0 ? * 3#6 *)",
    "cron(0 0 ? * 3#1,4#2 *)",
    "cron(0 0 1 * ? 1969)",
    "cron(0/0 0 1 * ? *)",
    "cron(a 0 1 * ? *)",
    "cron()",
    "cron(0 0 0 1 * ? *)",
    "at(2030-01-01T00:00:00)",
    "every day",
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_wrong_schedule_is_refused(
    events: Any, refused: Callable[..., str], schedule: str
) -> None:
    message = refused(events.put_rule, Name="wrong", ScheduleExpression=schedule)
    assert message.startswith("Parameter ScheduleExpression is not valid.")


TARGETS = [
    {"Arn": "nothing"},
    {"Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:x"},
    {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/x"},
    {"Arn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/x"},
    {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "KinesisParameters": {"PartitionKeyPath": "$"}},
]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_no_target_here_is_a_failed_entry(events: Any, target: dict[str, Any]) -> None:
    events.put_rule(Name="of-no-target", EventPattern='{"source": ["x"]}')
    answer = events.put_targets(Rule="of-no-target", Targets=[{"Id": "t", **target}])
    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["TargetId"] == "t"
    assert events.list_targets_by_rule(Rule="of-no-target")["Targets"] == []


WRONG = [
    {"Input": "{"},
    {"Input": "{}", "InputPath": "$"},
    {"InputPath": "detail"},
    {"InputTransformer": {"InputTemplate": "not json"}},
    {"InputTransformer": {"InputTemplate": '"<unknown>"'}},
    {
        "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "InputTransformer": {"InputTemplate": '"two"\n"lines"'},
    },
    {"InputTransformer": {"InputPathsMap": {"aws.x": "$"}, "InputTemplate": '"x"'}},
    {"InputTransformer": {"InputPathsMap": {"x": "no path"}, "InputTemplate": '"<x>"'}},
    {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"}},
    {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"},
    {"Arn": "arn:aws:sns:us-east-1:000000000000:t.fifo"},
    {"RetryPolicy": {"MaximumRetryAttempts": 186}},
]


@pytest.mark.parametrize("target", WRONG)
def test_a_target_that_says_what_cannot_be_is_refused(
    events: Any, refused: Callable[..., str], target: dict[str, Any]
) -> None:
    events.put_rule(Name="of-wrong-targets", EventPattern='{"source": ["x"]}')
    whole = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:q", **target}
    assert refused(events.put_targets, Rule="of-wrong-targets", Targets=[whole])


def test_rules_are_described_listed_tagged_and_deleted(
    events: Any, refused: Callable[..., str]
) -> None:
    arn = events.put_rule(
        Name="kept", ScheduleExpression="rate(5 minutes)", State="DISABLED", Description="d",
        Tags=[{"Key": "a", "Value": "1"}],
    )["RuleArn"]  # fmt: skip
    found = events.describe_rule(Name="kept")
    assert (found["Arn"], found["State"], found["EventBusName"]) == (arn, "DISABLED", "default")
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    target = "arn:aws:sqs:us-east-1:000000000000:of-kept"
    events.put_targets(Rule="kept", Targets=[{"Id": "1", "Arn": target}])
    assert events.list_rule_names_by_target(TargetArn=target)["RuleNames"] == ["kept"]
    assert "targets" in refused(events.delete_rule, Name="kept")
    events.remove_targets(Rule="kept", Ids=["1"])
    events.delete_rule(Name="kept")
    refused(events.describe_rule, "ResourceNotFoundException", Name="kept")


def test_buses_are_made_described_and_deleted(events: Any, refused: Callable[..., str]) -> None:
    events.create_event_bus(Name="mine", Description="d")
    refused(events.create_event_bus, "ResourceAlreadyExistsException", Name="mine")
    events.put_permission(
        EventBusName="mine", Action="events:PutEvents", Principal="*", StatementId="all"
    )
    found = events.describe_event_bus(Name="mine")
    assert json.loads(found["Policy"])["Statement"][0]["Sid"] == "all"
    assert {"default", "mine"} <= {bus["Name"] for bus in events.list_event_buses()["EventBuses"]}
    assert "default event bus" in refused(
        events.put_rule, Name="x", EventBusName="mine", ScheduleExpression="rate(1 minute)"
    )
    events.delete_event_bus(Name="mine")
    with pytest.raises(ClientError):
        events.put_rule(Name="x", EventBusName="mine", EventPattern='{"source": ["x"]}')


def test_a_pattern_can_be_tried(events: Any) -> None:
    event = {
        "id": "1", "account": "0", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "r",
        "resources": [], "detail-type": "t", "detail": {"n": 3.0},
    }  # fmt: skip
    results = [
        events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]
        for pattern in ('{"detail": {"n": [3.0]}}', '{"detail": {"n": [3]}}')
    ]
    assert results == [True, False]


def test_a_schedule_happens_in_its_minute_and_once_for_all_that_was_missed(
    movable: Platform,
) -> None:
    queue = EventQueue(movable, "scheduled")
    events = movable.client("events")
    arn = events.put_rule(Name="hourly", ScheduleExpression="cron(0 * * * ? *)")["RuleArn"]
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": queue.arn}])
    movable.advance(5 * 3600)
    (event,) = queue.bodies()
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == [arn]
    assert event["time"][13:] == ":00:00Z"
    movable.advance(3600)
    assert queue.bodies()[0]["time"] > event["time"]
    assert queue.empty()
