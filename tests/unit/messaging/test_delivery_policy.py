"""Delivery policies: when a delivery is tried again."""

import json
from typing import Any

import pytest

from argosy.ground.errors import InvalidParameter
from argosy.messaging import delivery_policy as dp


def delays(**changed: Any) -> list[float]:
    retries = {**dp.DEFAULT_RETRIES, **changed}
    found = [dp.delay_before(retries, number) for number in range(1, 200)]
    return [delay for delay in found if delay is not None]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, [20, 20, 20]),
        ({"numRetries": 0}, []),
        ({"numRetries": 2, "numNoDelayRetries": 2}, [0, 0]),
        (
            {
                "numRetries": 8,
                "numNoDelayRetries": 1,
                "numMinDelayRetries": 2,
                "numMaxDelayRetries": 2,
                "minDelayTarget": 1,
                "maxDelayTarget": 9,
            },
            [0, 1, 1, 1, 5, 9, 9, 9],
        ),
        (
            {
                "numRetries": 3,
                "minDelayTarget": 1,
                "maxDelayTarget": 100,
                "backoffFunction": "geometric",
            },
            [1, 10, 100],
        ),
    ],
)
def test_retries_go_through_their_phases(changed: dict[str, Any], expected: list[float]) -> None:
    assert delays(**changed) == pytest.approx(expected)


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_every_function_grows_from_the_shortest_to_the_longest_delay(function: str) -> None:
    found = delays(numRetries=10, minDelayTarget=5, maxDelayTarget=500, backoffFunction=function)

    assert found == sorted(found)
    assert (found[0], found[-1]) == pytest.approx((5, 500))


def test_a_subscriptions_policy_goes_before_its_topics_unless_that_forbids_it() -> None:
    http: dict[str, Any] = {"defaultHealthyRetryPolicy": {"numRetries": 1}}
    own = json.dumps({"healthyRetryPolicy": {"numRetries": 2}})

    def retries(topic: dict[str, Any], subscription: str) -> int:
        effective = dp.effective(json.dumps({"http": topic}), subscription)
        return int(effective["healthyRetryPolicy"]["numRetries"])

    assert retries(http, "") == 1
    assert retries(http, own) == 2
    assert retries({**http, "disableSubscriptionOverrides": True}, own) == 1


@pytest.mark.parametrize(
    "policy",
    [
        "[]",
        "{",
        '{"other": 1}',
        '{"healthyRetryPolicy": {"numRetries": 101}}',
        '{"healthyRetryPolicy": {"numRetries": 1e999}}',
        '{"healthyRetryPolicy": {"numRetries": true}}',
        '{"healthyRetryPolicy": {"minDelayTarget": 30}}',
        '{"healthyRetryPolicy": {"maxDelayTarget": 3601}}',
        '{"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 2}}',
        '{"healthyRetryPolicy": {"backoffFunction": "random"}}',
        '{"throttlePolicy": {"maxReceivesPerSecond": 0}}',
        '{"requestPolicy": {"headerContentType": "a\\r\\nb"}}',
    ],
)
def test_policies_that_are_none_are_refused(policy: str) -> None:
    with pytest.raises(InvalidParameter, match="DeliveryPolicy"):
        dp.checked_subscription(policy)
