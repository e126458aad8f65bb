"""CloudWatch Logs through boto3: groups, streams and events of users."""

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.ground.paths import DataDir
from argosy.telemetry.logs import LogReader, LogWriter, delete_all
from tests.support.api_client import ApiServer

GROUP = "/app/one"
STREAM = "web"
HOUR = 3_600_000
DAY = 24 * HOUR
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def one_logs_client(one_server: ApiServer) -> Any:
    return one_server.client("logs", parameter_validation=False)


@pytest.fixture
def logs(server: ApiServer, one_logs_client: Any) -> Iterator[Any]:
    """A boto3 client; there is GROUP with STREAM."""
    one_logs_client.create_log_group(logGroupName=GROUP)
    one_logs_client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    yield one_logs_client
    delete_all(DataDir.at(server.settings.data_dir).logs)


@pytest.fixture
def now(clock: ManualClock) -> int:
    return int(clock.now() * 1000)


@pytest.fixture
def put(logs: Any) -> Callable[..., dict[str, Any]]:
    """put((ms, text), …) sends one batch to STREAM."""

    def put(*events: tuple[int, str], stream: str = STREAM, **more: Any) -> dict[str, Any]:
        batch = [{"timestamp": moment, "message": text} for moment, text in events]
        answer: dict[str, Any] = logs.put_log_events(
            logGroupName=GROUP, logStreamName=stream, logEvents=batch, **more
        )
        return answer

    return put


@pytest.fixture
def read(logs: Any) -> Callable[..., list[str]]:
    """The messages of STREAM."""

    def read(**asked: Any) -> list[str]:
        answer = logs.get_log_events(
            logGroupName=GROUP, logStreamName=STREAM, startFromHead=True, **asked
        )
        return [event["message"] for event in answer["events"]]

    return read


Put = Callable[..., dict[str, Any]]
Read = Callable[..., list[str]]


def test_what_is_put_is_read(logs: Any, put: Put, read: Read, now: int) -> None:
    assert read() == []
    answer = put((now - 5, "one\nwith two lines"), (now, "two"))
    assert answer["nextSequenceToken"]
    assert "rejectedLogEventsInfo" not in answer
    assert read() == ["one\nwith two lines", "two"]
    (event, _) = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert (event["timestamp"], event["ingestionTime"]) == (now - 5, now)
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (now - 5, now)
    assert stream["lastIngestionTime"] == now


def test_sequence_tokens_are_not_looked_at(put: Put, read: Read, now: int) -> None:
    put((now, "a"), sequenceToken="made-up")
    put((now, "b"), sequenceToken="made-up")
    assert read() == ["a", "b"]


def test_batches_out_of_order_are_shown_in_order_of_time(put: Put, read: Read, now: int) -> None:
    put((now, "late"))
    put((now - HOUR, "early"))
    assert read() == ["early", "late"]
    assert read(startTime=now - 1) == ["late"]


def test_a_batch_has_limits(put: Put, read: Read, refused: Refused, now: int) -> None:
    code = "InvalidParameterException"
    batch = {"logGroupName": GROUP, "logStreamName": STREAM}

    def refuse(*events: tuple[int, str]) -> str:
        return refused(lambda **_: put(*events), code, **batch)

    assert "chronological order" in refuse((now, "a"), (now - 1, "b"))
    assert "24 hours" in refuse((now - DAY - 1, "a"), (now, "b"))
    put((now - DAY, "a"), (now, "b"))
    assert "Upload too large" in refuse(*[(now, "x" * 1000)] * 1023)
    put(*[(now, "x" * (1024 - 26))] * 1024)
    assert "10000" in refuse(*[(now, "x")] * 10_001).replace(",", "")
    assert len(read()) == 2 + 1024


def test_events_too_old_and_too_new_are_rejected_alone(put: Put, read: Read, now: int) -> None:
    old = now - 14 * DAY
    assert put((old - 2, "a"), (old - 1, "b"), (old + 1, "kept"))["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 2
    }
    soon = now + 2 * HOUR
    assert put((soon, "kept too"), (soon + 1, "c"))["rejectedLogEventsInfo"] == {
        "tooNewLogEventStartIndex": 1
    }
    assert read() == ["kept", "kept too"]
    assert put((soon + 1, "d"))["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}


def test_retention_rejects_hides_and_is_described(
    logs: Any, put: Put, read: Read, refused: Refused, now: int
) -> None:
    put((now - 2 * DAY, "old"))
    put((now - HOUR, "young"))
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 1
    assert read() == ["young"]
    assert read(startTime=1) == ["young"]
    found = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert [event["message"] for event in found] == ["young"]
    answer = put((now - DAY - 1, "expired"), (now - DAY + 1, "young too"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    message = refused(
        logs.put_retention_policy,
        "InvalidParameterException",
        logGroupName=GROUP,
        retentionInDays=2,
    )
    assert "1, 3, 5, 7" in message
    logs.delete_retention_policy(logGroupName=GROUP)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    assert read() == ["old", "young too", "young"]


def test_names_are_taken_once_and_missing_things_are_named(
    logs: Any, refused: Refused, now: int
) -> None:
    exists, missing = "ResourceAlreadyExistsException", "ResourceNotFoundException"
    group, stream = {"logGroupName": GROUP}, {"logStreamName": STREAM}
    refused(logs.create_log_group, exists, **group)
    refused(logs.create_log_stream, exists, **group, **stream)
    absent = {"logGroupName": "/absent"}
    events = {"logEvents": [{"timestamp": now, "message": "x"}]}
    for call, asked in (
        (logs.create_log_stream, stream),
        (logs.delete_log_stream, stream),
        (logs.delete_log_group, {}),
        (logs.put_log_events, {**stream, **events}),
        (logs.put_retention_policy, {"retentionInDays": 1}),
        (logs.delete_retention_policy, {}),
        (logs.list_tags_log_group, {}),
        (logs.describe_metric_filters, {}),
    ):
        assert "log group" in refused(call, missing, **absent, **asked)
    assert "log stream" in refused(
        logs.put_log_events, missing, **group, logStreamName="absent", **events
    )
    refused(logs.delete_log_stream, missing, **group, logStreamName="absent")


def test_streams_and_groups_are_deleted_with_all_that_belongs_to_them(
    logs: Any, put: Put, now: int
) -> None:
    put((now, "x"))
    logs.delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"] == []
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    logs.tag_log_group(logGroupName=GROUP, tags={"a": "b"})
    logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="f",
        filterPattern="x",
        metricTransformations=[
            {"metricName": "m", "metricNamespace": "n", "metricValue": "1"},
        ],
    )
    logs.delete_log_group(logGroupName=GROUP)
    assert logs.describe_log_groups()["logGroups"] == []
    logs.create_log_group(logGroupName=GROUP)
    (group,) = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group
    assert group["metricFilterCount"] == 0
    assert logs.list_tags_log_group(logGroupName=GROUP)["tags"] == {}


def test_streams_of_the_platform_are_left_to_it(
    server: ApiServer, logs: Any, refused: Refused, now: int
) -> None:
    root = DataDir.at(server.settings.data_dir).logs
    place = (root, DEFAULT_ACCOUNT, DEFAULT_REGION, GROUP, "All/i-1")
    writer = LogWriter(*place, 1 << 20)
    writer.write("from the model", now)
    events = [{"timestamp": now, "message": "x"}]
    asked = {"logGroupName": GROUP, "logStreamName": "All/i-1", "logEvents": events}
    assert "instance" in refused(logs.put_log_events, "InvalidParameterException", **asked)
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="All/i-1")
    writer.write("goes on", now)
    writer.close()
    kept, _, _ = LogReader(*place[:3]).read(*place[3:], None)
    assert [event.message for event in kept] == ["goes on"]


def test_events_that_the_disk_does_not_take_are_not_acknowledged(
    put: Put, read: Read, refused: Refused, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put((now, "before"))
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if b"lost" in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    message = refused(lambda **_: put((now, "lost")), "ServiceUnavailableException")
    assert "No space left" in message
    monkeypatch.undo()
    put((now, "after"))
    assert read() == ["before", "after"]


def test_names_of_any_length_are_kept(logs: Any, now: int) -> None:
    group, stream = "/" * 511 + "g", "ü" * 511 + "/s"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream[:512])
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream[:512],
        logEvents=[{"timestamp": now, "message": "x"}],
    )
    assert (
        logs.describe_log_groups(logGroupNamePrefix="//")["logGroups"][0]["logGroupName"] == group
    )
    (event,) = logs.filter_log_events(logGroupName=group)["events"]
    assert event["logStreamName"] == stream[:512]


def test_groups_are_tagged_by_arn_and_by_name(logs: Any, refused: Refused) -> None:
    logs.create_log_group(logGroupName="/tagged", tags={"team": "ml"})
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/tagged"
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "ml"}
    logs.tag_resource(resourceArn=arn, tags={"stage": "prod"})
    logs.tag_log_group(logGroupName="/tagged", tags={"team": "web"})
    assert logs.list_tags_log_group(logGroupName="/tagged")["tags"] == {
        "team": "web",
        "stage": "prod",
    }
    logs.untag_resource(resourceArn=arn, tagKeys=["team", "absent"])
    logs.untag_log_group(logGroupName="/tagged", tags=["stage"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    many = {f"k{number}": "" for number in range(51)}
    refused(logs.tag_resource, "InvalidParameterException", resourceArn=arn, tags={"aws:x": "1"})
    refused(logs.tag_log_group, "InvalidParameterException", logGroupName="/tagged", tags=many)
    refused(
        logs.list_tags_for_resource,
        "ResourceNotFoundException",
        resourceArn=arn.replace("us-east-1", "eu-west-1"),
    )


def test_what_would_not_be_done_is_refused(logs: Any, refused: Refused) -> None:
    code = "InvalidParameterException"
    refused(logs.create_log_group, code, logGroupName="/k", kmsKeyId="alias/x")
    refused(logs.create_log_group, code, logGroupName="/k", logGroupClass="INFREQUENT_ACCESS")
    refused(logs.create_log_group, code, logGroupName="/k", deletionProtectionEnabled=True)
    refused(logs.create_log_group, code, logGroupName="/k", tags={"aws:x": "1"})
    assert logs.describe_log_groups(logGroupNamePrefix="/k")["logGroups"] == []
