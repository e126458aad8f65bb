"""DeploymentConfig through boto3: what is taken, what is refused, and what is shown of it."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state.alarms import put_alarm
from argosy.state.events import EventOutbox
from tests.support.api_client import ApiServer

Make = Callable[..., str]
Refused = Callable[..., str]
Settle = Callable[..., None]

ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(routing: dict[str, Any] = ALL_AT_ONCE, **policy: Any) -> dict[str, Any]:
    routing = {"WaitIntervalInSeconds": 0, **routing}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **policy}}


def rolling(size: dict[str, Any], **policy: Any) -> dict[str, Any]:
    given = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 0, **policy}
    return {"RollingUpdatePolicy": given}


def alarms(*names: str) -> dict[str, Any]:
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in names]}}


CANARY = {"Type": "CANARY", "CanarySize": percent(50)}
LINEAR = {"Type": "LINEAR", "LinearStepSize": percent(50), "WaitIntervalInSeconds": 300}

BAD = {
    "two policies": ({**blue_green(), **rolling(percent(50))}, "at most one"),
    "a canary without size": (blue_green({"Type": "CANARY"}), "needs CanarySize"),
    "a canary above half": (
        blue_green({"Type": "CANARY", "CanarySize": percent(51)}),
        "TrafficRoutingConfiguration.CanarySize: 51 is not within",
    ),
    "a canary of more than half of three": (
        blue_green({"Type": "CANARY", "CanarySize": instances(2)}),
        "CanarySize: 2 is not within",
    ),
    "a size of another type": (
        blue_green({**CANARY, "LinearStepSize": percent(10)}),
        "LinearStepSize is for Type LINEAR only",
    ),
    "linear without size": (blue_green({"Type": "LINEAR"}), "needs LinearStepSize"),
    "linear below a tenth": (
        blue_green({"Type": "LINEAR", "LinearStepSize": percent(9)}),
        "LinearStepSize: 9 is not within 10 to 50",
    ),
    "linear above half": (
        blue_green({"Type": "LINEAR", "LinearStepSize": percent(60)}),
        "LinearStepSize: 60",
    ),
    "a time limit within the waits": (
        blue_green(LINEAR, TerminationWaitInSeconds=300, MaximumExecutionTimeoutInSeconds=600),
        "must be more than all waits together (600 seconds)",
    ),
    "rolling below a twentieth": (rolling(percent(4)), "MaximumBatchSize: 4 is not within 5"),
    "rolling above half": (rolling(percent(51)), "MaximumBatchSize: 51"),
    "rolling more than half of three": (rolling(instances(2)), "MaximumBatchSize: 2"),
    "a rollback of more than all": (
        rolling(percent(50), RollbackMaximumBatchSize=percent(101)),
        "RollbackMaximumBatchSize: 101",
    ),
    "a rolling time limit within the waits": (
        rolling(percent(25), WaitIntervalInSeconds=200, MaximumExecutionTimeoutInSeconds=800),
        "all waits together (800 seconds)",
    ),
    "an alarm that is not there": (
        {**blue_green(), **alarms("nowhere")},
        "there is no alarm nowhere",
    ),
    "an alarm twice": ({**blue_green(), **alarms("a", "a")}, "names an alarm twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_configuration_that_breaks_a_rule_is_refused(
    sagemaker: Any, endpoint: str, make_config: Make, refused: Refused, case: str
) -> None:
    config, named = BAD[case]
    make_config("two", a=(1.0, 3))
    asked = {"EndpointConfigName": "two", "DeploymentConfig": config}
    for call, name in ((sagemaker.update_endpoint, endpoint), (sagemaker.create_endpoint, "new")):
        message = refused(call, EndpointName=name, **asked)
        assert message.startswith("DeploymentConfig")
        assert named in message
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"


def test_more_than_ten_alarms_are_refused(sagemaker: Any, endpoint: str, refused: Refused) -> None:
    config = alarms(*(f"a{number}" for number in range(11)))

    refused(
        sagemaker.update_endpoint,
        EndpointName=endpoint,
        EndpointConfigName="one",
        DeploymentConfig=config,
    )


GOOD = {
    "canary": blue_green(CANARY, TerminationWaitInSeconds=60),
    "one instance of three": blue_green({"Type": "CANARY", "CanarySize": instances(1)}),
    "linear": blue_green(LINEAR, MaximumExecutionTimeoutInSeconds=601),
    "rolling": rolling(instances(1), RollbackMaximumBatchSize=percent(100)),
    "alarms alone": alarms("watched"),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_configuration_is_taken_shown_and_retained(
    sagemaker: Any,
    server: ApiServer,
    endpoint: str,
    make_config: Make,
    settle: Settle,
    refused: Refused,
    case: str,
) -> None:
    make_config("two", a=(1.0, 3))
    put_alarm(server.records, DEFAULT_ACCOUNT, DEFAULT_REGION, {"AlarmName": "watched"}, 1.0)
    asked = {"EndpointName": endpoint, "EndpointConfigName": "two"}

    sagemaker.update_endpoint(**asked, DeploymentConfig=GOOD[case])

    assert "in-progress" in refused(sagemaker.update_endpoint, **asked)
    settle(endpoint)
    sagemaker.update_endpoint(**asked, RetainDeploymentConfig=True)
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["LastDeploymentConfig"] == GOOD[case]
    assert described["PendingDeploymentSummary"]["EndpointConfigName"] == "two"


def test_what_create_endpoint_was_given_is_the_first_to_be_retained(
    sagemaker: Any, server: ApiServer, make_config: Make, settle: Settle
) -> None:
    make_config("one", a=(1.0, 3))
    config = blue_green({"Type": "CANARY", "CanarySize": instances(1)})
    sagemaker.create_endpoint(
        EndpointName="fresh", EndpointConfigName="one", DeploymentConfig=config
    )
    settle("fresh")

    sagemaker.update_endpoint(
        EndpointName="fresh", EndpointConfigName="one", RetainDeploymentConfig=True
    )

    record = server.records.get("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, "fresh")
    assert record is not None
    shares = [step["share"] for step in record.document["rollout"]["steps"]]
    assert [round(share, 3) for share in shares] == [0.333, 1.0]


def test_a_retained_configuration_must_suit_the_new_fleet(
    sagemaker: Any, endpoint: str, make_config: Make, settle: Settle, refused: Refused
) -> None:
    make_config("two", a=(1.0, 4))
    make_config("three", a=(1.0, 2))
    config = blue_green({"Type": "CANARY", "CanarySize": instances(2)})
    sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName="two", DeploymentConfig=config
    )
    settle(endpoint)

    asked = {"EndpointName": endpoint, "EndpointConfigName": "three"}
    message = refused(sagemaker.update_endpoint, **asked, RetainDeploymentConfig=True)

    assert "CanarySize: 2 is not within" in message


def test_an_endpoint_that_rests_without_instances_is_updated_at_once(
    sagemaker: Any, server: ApiServer, endpoint: str, make_config: Make
) -> None:
    make_config("two", a=(1.0, 3), b=(1.0, 1))
    record = server.records.get("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, endpoint)
    assert record is not None
    document = record.document
    for variant in document["live"]["variants"]:
        variant["count"] = 0
    server.records.update(record, now=2.0, document=document)

    sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName="two",
        RetainAllVariantProperties=True,
        DeploymentConfig=blue_green(CANARY),
    )

    record = server.records.get("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, endpoint)
    assert record is not None
    assert record.document["rollout"] is None


def test_an_endpoint_with_two_fleets_left_is_updated_but_not_rescaled(
    sagemaker: Any, server: ApiServer, endpoint: str, make_config: Make, refused: Refused
) -> None:
    make_config("two", a=(1.0, 3))
    sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName="two", DeploymentConfig=rolling(instances(1))
    )
    record = server.records.get("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, endpoint)
    assert record is not None
    document = record.document
    document["rollout"].update(phase="stuck", share=2 / 3)
    server.records.update(record, now=2.0, document=document, status="UpdateRollbackFailed")

    change = [{"VariantName": "a", "DesiredInstanceCount": 1}]
    message = refused(
        sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=change,
    )
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="one")

    assert "two fleets" in message
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == "two", "the larger fleet serves until then"
    assert described["EndpointStatus"] == "Updating"


def test_every_change_of_status_is_in_the_outbox_with_its_tags(
    sagemaker: Any, server: ApiServer, clock: ManualClock, endpoint: str, make_config: Make
) -> None:
    outbox = EventOutbox(server.records.transactions)
    arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "iris"}])
    make_config("two", a=(1.0, 3))
    before = outbox.last()
    clock.advance(5)

    sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName="two", DeploymentConfig=blue_green(CANARY)
    )

    status, deployment = outbox.after(before)
    assert (status.source, status.detail_type) == (
        "aws.sagemaker",
        "SageMaker Endpoint State Change",
    )
    assert status.resources == [arn]
    detail = status.detail
    assert (detail["EndpointName"], detail["EndpointArn"]) == (endpoint, arn)
    assert (detail["EndpointStatus"], detail["EndpointConfigName"]) == ("UPDATING", "one")
    assert detail["Tags"] == {"team": "iris"}
    assert detail["LastModifiedTime"] - detail["CreationTime"] == 5000
    assert {one["VariantName"] for one in detail["ProductionVariants"]} == {"a", "b"}
    assert deployment.detail_type == "SageMaker Endpoint Deployment State Change"
    (pending,) = deployment.detail["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending["VariantStatus"][0]["StatusMessage"] == "Launching 3 instance(s)."


def test_models_configs_and_jobs_are_in_the_outbox_too(
    sagemaker: Any, server: ApiServer, make_config: Make
) -> None:
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()

    make_config("one", a=(1.0, 1))
    sagemaker.create_endpoint(EndpointName="ep", EndpointConfigName="one")

    found = {one.detail_type: one.detail for one in outbox.after(before)}
    assert found["SageMaker Model State Change"]["ModelName"] == "one-a"
    assert found["SageMaker Endpoint Config State Change"]["EndpointConfigName"] == "one"
    assert found["SageMaker Endpoint State Change"]["EndpointStatus"] == "CREATING"
