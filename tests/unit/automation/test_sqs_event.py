"""Messages of a queue as a function's event."""

import json

import pytest

from argosy.automation.queue.sqs_event import Filters, batches, event_of, failed_of, trace_of
from argosy.ground.functions import Invoked
from argosy.messaging import attributes
from argosy.state.messages import Message

ARN = "arn:aws:sqs:us-east-1:000000000000:q"


def message(body: str = "hello", **members: object) -> Message:
    given = {
        "queue": "q",
        "message_id": "id",
        "body": body,
        "sent": 1.5,
        "visible_at": 2.0,
        "receives": 2,
        "receipt": "r",
        "number": 7,
        **members,
    }
    return Message(**given)  # type: ignore[arg-type]


def test_a_message_becomes_a_record_with_all_that_is_known_of_it() -> None:
    kept = attributes.dump({"n": {"DataType": "Number", "StringValue": "5"}})
    system = json.dumps({"SenderId": "me", "AWSTraceHeader": "Root=1"})
    given = message(attributes=kept, system=system, first_received=2.0)
    record = event_of(given, ARN)
    assert record["attributes"] == {
        "SenderId": "me",
        "AWSTraceHeader": "Root=1",
        "ApproximateReceiveCount": "2",
        "SentTimestamp": "1500",
        "ApproximateFirstReceiveTimestamp": "2000",
    }
    assert record["messageAttributes"]["n"]["stringValue"] == "5"
    assert record["eventSourceARN"] == ARN
    assert (record["body"], record["awsRegion"]) == ("hello", "us-east-1")
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert trace_of(given) == "Root=1"


@pytest.mark.parametrize(
    ("pattern", "body", "wanted"),
    [
        ('{"body": {"kind": ["a"]}}', '{"kind": "a"}', True),
        ('{"body": {"kind": ["a"]}}', '{"kind": "b"}', False),
        ('{"body": {"kind": ["a"]}}', "not json", False),
        ('{"body": ["exactly"]}', "exactly", True),
        ('{"body": [{"prefix": "ex"}]}', "example", True),
        ('{"attributes": {"ApproximateReceiveCount": ["2"]}}', "not json", True),
    ],
)
def test_filters_look_into_bodies(pattern: str, body: str, wanted: bool) -> None:
    assert Filters([pattern]).wants(event_of(message(body), ARN)) is wanted
    assert Filters([]).wants(event_of(message(body), ARN))


@pytest.mark.parametrize(
    ("payload", "error", "partial", "failed"),
    [
        (b"null", "", True, set()),
        (b'{"batchItemFailures": []}', "", True, set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', "", True, {"b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', "", False, set()),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', "", True, {"a", "b"}),
        (b'{"batchItemFailures": [{"other": "b"}]}', "", True, {"a", "b"}),
        (b'"text"', "", True, {"a", "b"}),
        (b"null", "Unhandled", True, {"a", "b"}),
    ],
)
def test_a_function_may_say_which_messages_it_did_not_do(
    payload: bytes, error: str, partial: bool, failed: set[str]
) -> None:
    invoked = Invoked(payload=payload, error=error)  # type: ignore[arg-type]
    assert failed_of(["a", "b"], invoked, partial=partial) == failed


def test_what_is_too_large_for_one_event_becomes_several() -> None:
    records = [event_of(message("x" * (1 << 20)), ARN) for _ in range(8)]
    parted = list(batches(records))
    assert [len(batch) for batch in parted] == [5, 3]
    assert list(batches([])) == []
