"""Updates that CloudWatch alarms watch, on a platform whose metrics count in seconds."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.endpoints import settled, until
from tests.support.silent_alarms import put_silent_alarm
from tests.support.versions import callers, make_version, serve

from argosy.testing import Platform

ENDPOINT = "watched"


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """With an endpoint that serves `good`; `slow` takes 150 ms."""
    with Platform(scaling_period=1) as running:
        make_version(running, "good")
        make_version(running, "slow", act="time.sleep(0.15)")
        serve(running, ENDPOINT, "good")
        yield running


def watch(platform: Platform, name: str, **dimensions: str) -> None:
    """An alarm on a model's latency of more than 100 ms."""
    named = {"EndpointName": ENDPOINT, "VariantName": "AllTraffic", **dimensions}
    platform.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=[{"Name": key, "Value": value} for key, value in named.items()],
        Statistic="Average",
        Period=10,
        EvaluationPeriods=1,
        Threshold=100_000,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def canary(*alarms: str) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 300,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
    }
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]},
    }


def update(platform: Platform, deployment: dict[str, Any]) -> None:
    platform.client("sagemaker").update_endpoint(
        EndpointName=ENDPOINT, EndpointConfigName="slow", DeploymentConfig=deployment
    )


def test_a_slow_version_raises_the_alarm_on_its_latency_and_is_rolled_back(
    platform: Platform,
) -> None:
    watch(platform, "slow-version", EndpointConfigName="slow")

    with callers(platform, ENDPOINT) as clients:
        update(platform, canary("slow-version"))
        described = settled(platform, ENDPOINT)
        clients.more("good")

    assert clients.failures == []
    assert clients.answers["slow"] > 0, "the canary had its share"
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "good")
    assert described["FailureReason"].endswith("in state ALARM: slow-version.")


def test_an_alarm_that_is_raised_by_hand_before_the_update_keeps_the_new_version_out(
    platform: Platform,
) -> None:
    cloudwatch = platform.client("cloudwatch")
    put_silent_alarm(cloudwatch, "by-hand")
    cloudwatch.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a test")

    with callers(platform, ENDPOINT) as clients:
        update(platform, canary("by-hand"))
        described = settled(platform, ENDPOINT)
        until(lambda: clients.answers["good"] > 50)

    assert clients.failures == []
    assert set(clients.answers) == {"good"}
    assert described["FailureReason"].endswith("in state ALARM: by-hand.")
