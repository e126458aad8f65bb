"""What becomes of an asynchronous invocation after an attempt."""

import pytest

from argosy.automation.queue.attempts import Again, Policy, after, held_up, is_too_old
from argosy.automation.queue.records import dead_letter_attributes, record
from argosy.ground.functions import Invoked
from argosy.state.invocations import Invocation

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
FAILED = Invoked(payload=b'{"errorMessage": "no"}', error="Unhandled", version="3")


def event(**members: object) -> Invocation:
    given = {
        "account": "000000000000",
        "region": "us-east-1",
        "function": ARN,
        "arn": ARN,
        "request_id": "id",
        "payload": b'{"a": 1}',
        "received": 0.0,
        "next_at": 0.0,
        **members,
    }
    return Invocation(**given)  # type: ignore[arg-type]


def test_a_function_that_fails_is_tried_after_one_and_after_two_minutes() -> None:
    assert after(event(), FAILED, Policy(), 10.0) == Again(70.0, 1, 0)
    assert after(event(attempts=1), FAILED, Policy(), 10.0) == Again(130.0, 2, 0)
    assert after(event(attempts=2), FAILED, Policy(), 10.0) == "RetriesExhausted"
    assert after(event(), FAILED, Policy(retries=0), 10.0) == "RetriesExhausted"
    assert after(event(), Invoked(payload=b"1"), Policy(), 10.0) == "Success"


@pytest.mark.parametrize(("holdups", "pause"), [(0, 1), (1, 2), (4, 16), (9, 300), (40, 300)])
def test_one_that_cannot_take_more_is_asked_ever_more_rarely(holdups: int, pause: float) -> None:
    assert held_up(event(holdups=holdups), Policy(), 5.0) == Again(5.0 + pause, 0, holdups + 1)


def test_nothing_is_tried_for_longer_than_it_may_be_old() -> None:
    policy = Policy(oldest_s=60.0)
    assert after(event(), FAILED, policy, 10.0) == Again(60.0, 1, 0)
    assert held_up(event(), policy, 60.0) == "EventAgeExceeded"
    assert is_too_old(event(), policy, 60.0)
    assert not is_too_old(event(), policy, 59.0)


def test_a_policy_has_lambdas_defaults() -> None:
    assert Policy.of({}) == Policy(2, 21_600, "", "")
    config = {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": "d"}}}
    assert Policy.of(config) == Policy(0, 21_600, "", "d")


def test_a_record_says_what_was_asked_and_what_came_of_it() -> None:
    told = record(event(attempts=2), "RetriesExhausted", FAILED, 3, 1_700_000_000.5)
    assert told["timestamp"] == "2023-11-14T22:13:20.500Z"
    assert told["requestContext"] == {
        "requestId": "id",
        "functionArn": f"{ARN}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert told["requestPayload"] == {"a": 1}
    assert told["responseContext"] == {
        "statusCode": 200, "executedVersion": "3", "functionError": "Unhandled",
    }  # fmt: skip
    assert told["responsePayload"] == {"errorMessage": "no"}
    assert "responseContext" not in record(event(), "EventAgeExceeded", None, 0, 0.0)


def test_a_dead_letter_says_why() -> None:
    attributes = dead_letter_attributes(event(), FAILED)
    assert attributes["ErrorMessage"] == {"DataType": "String", "StringValue": "no"}
    assert attributes["RequestID"]["StringValue"] == "id"
    assert "ErrorMessage" not in dead_letter_attributes(event(), None)
