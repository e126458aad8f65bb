"""kill -9 of control in the middle of updates by steps, under load: they go on where they were."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.endpoints import settled, until
from tests.support.versions import callers, make_version, serve

from argosy.testing import Platform

HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


def canary(wait: int) -> dict[str, Any]:
    routing = {"Type": "CANARY", "WaitIntervalInSeconds": wait, "CanarySize": HALF}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}


def rolling(wait: int) -> dict[str, Any]:
    policy = {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": wait}
    return {"RollingUpdatePolicy": policy}


@pytest.fixture(scope="module")
def served() -> Iterator[Platform]:
    """A platform whose control may be killed, and two versions."""
    with Platform(allow_reset=True) as platform:
        make_version(platform, "one", instances=2)
        make_version(platform, "two", instances=2)
        make_version(platform, "mortal", load="threading.Timer(0.7, os._exit, [3]).start()")
        yield platform


def status(platform: Platform, endpoint: str) -> str:
    """What is happening to the variant that is to take over; "" while control is away."""
    try:
        found = platform.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except Exception:
        return ""
    pending = found.get("PendingDeploymentSummary")
    if pending is None:
        return str(found["EndpointStatus"])
    return str(pending["ProductionVariants"][0]["VariantStatus"][0]["Status"])


def kill_control(platform: Platform, endpoint: str) -> None:
    """And wait for the next one."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control))
    until(lambda: status(platform, endpoint))


@pytest.mark.parametrize(("name", "policy"), [("canary", canary(4)), ("rolling", rolling(4))])
def test_an_update_goes_on_where_control_was_killed(
    served: Platform, name: str, policy: dict[str, Any]
) -> None:
    serve(served, name, "one")

    with callers(served, name) as clients:
        served.client("sagemaker").update_endpoint(
            EndpointName=name, EndpointConfigName="two", DeploymentConfig=policy
        )
        kill_control(served, name)
        until(lambda: status(served, name) == "Baking")
        kill_control(served, name)
        described = settled(served, name)
        clients.more("two")

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "two")
    assert "FailureReason" not in described


def test_a_version_that_dies_is_rolled_back_by_whoever_comes_after(served: Platform) -> None:
    serve(served, "fragile", "one")

    with callers(served, "fragile") as clients:
        served.client("sagemaker").update_endpoint(
            EndpointName="fragile", EndpointConfigName="mortal", DeploymentConfig=canary(60)
        )
        until(lambda: status(served, "fragile") == "Baking")
        kill_control(served, "fragile")
        described = settled(served, "fragile")
        clients.more("one")

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "one")
    assert "died while traffic was shifted" in described["FailureReason"]
