"""Updates by steps on a whole platform, under load: whatever the new version does, the old one's
callers notice nothing."""

from typing import Any

import pytest
from tests.support.async_endpoints import async_config, key_of, make_bucket
from tests.support.endpoints import in_service, settled, until
from tests.support.versions import callers, make_version, serve

ENDPOINT = "dep"
IDS = ["canary", "linear", "rolling"]


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


@pytest.fixture(scope="module", autouse=True)
def versions(platform: Any) -> None:
    """Two good versions, the first of which serves, and two bad ones."""
    make_version(platform, "dep-one", instances=2)
    make_version(platform, "dep-two", instances=2)
    make_version(platform, "dep-unfit", load="raise ValueError('no good')")
    make_version(platform, "dep-mortal", load="threading.Timer(0.7, os._exit, [3]).start()")
    make_version(platform, "dep-deadly", act="os._exit(3)")
    serve(platform, ENDPOINT, "dep-one")


def serving(platform: Any) -> str:
    described = platform.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
    return str(described["EndpointConfigName"])


@pytest.mark.parametrize("deployment", [canary(3), linear(2), rolling(2)], ids=IDS)
def test_a_good_version_takes_over_while_clients_call(
    platform: Any, deployment: dict[str, Any]
) -> None:
    new = "dep-two" if serving(platform) == "dep-one" else "dep-one"
    said = set()

    with callers(platform, ENDPOINT) as clients:
        update(platform, ENDPOINT, new, deployment)
        while settling := variant_status(platform, ENDPOINT):
            said.add(settling.partition(":")[0])
        described = settled(platform, ENDPOINT)
        clients.more(new)

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", new)
    assert described["LastDeploymentConfig"] == deployment
    assert {"Creating", "Baking"} <= said
    until(lambda: len(in_service(platform, ENDPOINT)) == 2)


@pytest.mark.parametrize(
    ("bad", "deployment", "reason"),
    [
        ("dep-unfit", rolling(30), "no good"),
        ("dep-mortal", canary(30), "instances of the new fleet died"),
        ("dep-deadly", canary(30), "instances of the new fleet died"),
        ("dep-mortal", rolling(30), "instances of the new fleet died"),
    ],
)
def test_a_version_that_does_not_live_is_rolled_back_and_nobody_notices(
    platform: Any, bad: str, deployment: dict[str, Any], reason: str
) -> None:
    good = serving(platform)

    with callers(platform, ENDPOINT) as clients:
        update(platform, ENDPOINT, bad, deployment)
        described = settled(platform, ENDPOINT)
        clients.more(good)

    assert clients.failures == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", good)
    assert reason in described["FailureReason"]
    assert set(clients.answers) <= {good, bad}
    until(lambda: len(in_service(platform, ENDPOINT)) == 2)


def test_an_asynchronous_endpoint_is_updated_by_steps_and_answers_every_request(
    platform: Any,
) -> None:
    s3, sagemaker = make_bucket(platform), platform.client("sagemaker")
    runtime = platform.client("sagemaker-runtime")
    for model in ("dep-one", "dep-two"):
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(
            EndpointConfigName=f"{model}-async",
            ProductionVariants=[variant],
            AsyncInferenceConfig=async_config("dep-async"),
        )
    serve(platform, "dep-async", "dep-one-async")
    places = []

    def ask() -> None:
        answer = runtime.invoke_endpoint_async(EndpointName="dep-async", Body=b"x")
        places.append(answer["OutputLocation"])

    update(platform, "dep-async", "dep-two-async", canary(3))
    while variant_status(platform, "dep-async"):
        ask()
    ask()

    answers = []
    for place in places:
        s3.get_waiter("object_exists").wait(
            Bucket="async-box", Key=key_of(place), WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        body = s3.get_object(Bucket="async-box", Key=key_of(place))["Body"].read()
        answers.append(body.decode())
    assert set(answers) == {"dep-one", "dep-two"}
    assert answers[-1] == "dep-two"
    assert sagemaker.describe_endpoint(EndpointName="dep-async")["EndpointConfigName"] == (
        "dep-two-async"
    )
    sagemaker.delete_endpoint(EndpointName="dep-async")
