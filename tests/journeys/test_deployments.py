"""Updates by steps on a whole platform, under load: whatever the new version does, the old one's
callers notice nothing."""

from typing import Any

import pytest
from tests.support.endpoints import in_service, settled, until
from tests.support.versions import callers, make_version, serve


def canary(wait: int = 0, **more: Any) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": wait,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 1}
    return {"BlueGreenUpdatePolicy": policy, **more}


def linear(wait: int = 1) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    routing = {"Type": "LINEAR", "WaitIntervalInSeconds": wait, "LinearStepSize": size}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}


def rolling(wait: int = 1) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": wait}}


def update(platform: Any, endpoint: str, config: str, deployment: dict[str, Any]) -> None:
    platform.client("sagemaker").update_endpoint(
        EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=deployment
    )


def variant_status(platform: Any, endpoint: str) -> str:
    """What DescribeEndpoint says of the variant that is to take over, "" when nothing."""
    described = platform.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    pending = described.get("PendingDeploymentSummary")
    if pending is None:
        return ""
    (entry,) = pending["ProductionVariants"][0]["VariantStatus"]
    return f"{entry['Status']}: {entry['StatusMessage']}"


@pytest.mark.parametrize(
    ("name", "deployment"), [("canary", canary(1)), ("linear", linear()), ("rolling", rolling())]
)
def test_a_good_version_takes_over_while_clients_call(
    platform: Any, name: str, deployment: dict[str, Any]
) -> None:
    old, new = (make_version(platform, f"dep-{name}-{n}", instances=2) for n in ("old", "new"))
    serve(platform, f"dep-{name}", old)
    said = set()

    with callers(platform, f"dep-{name}") as clients:
        update(platform, f"dep-{name}", new, deployment)
        while settling := variant_status(platform, f"dep-{name}"):
            said.add(settling.partition(":")[0])
        described = settled(platform, f"dep-{name}")
        clients.more(new)

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", new)
    assert described["LastDeploymentConfig"] == deployment
    assert {"Creating", "Baking"} <= said
    until(lambda: len(in_service(platform, f"dep-{name}")) == 2)
    platform.client("sagemaker").delete_endpoint(EndpointName=f"dep-{name}")


BAD = {
    "unfit": ({"load": "raise ValueError('no good')"}, "no good"),
    "mortal": (
        {"load": "threading.Timer(0.7, os._exit, [3]).start()"},
        "instances of the new fleet died",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("policy", ["canary", "rolling"])
def test_a_version_that_does_not_live_is_rolled_back_and_nobody_notices(
    platform: Any, case: str, policy: str
) -> None:
    behaviour, reason = BAD[case]
    endpoint = f"dep-{case}-{policy}"
    old = make_version(platform, f"{endpoint}-old")
    new = make_version(platform, f"{endpoint}-new", **behaviour)
    serve(platform, endpoint, old)

    with callers(platform, endpoint) as clients:
        update(platform, endpoint, new, canary(30) if policy == "canary" else rolling(30))
        described = settled(platform, endpoint)
        clients.more(old)

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", old)
    assert reason in described["FailureReason"]
    assert set(clients.answers) <= {old, new}
    platform.client("sagemaker").delete_endpoint(EndpointName=endpoint)
