"""Updates of endpoints through boto3: new configurations, weights and counts."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/"
Make = Callable[..., str]
Refused = Callable[..., str]
Settle = Callable[..., None]


def variant(described: dict[str, Any], name: str) -> dict[str, Any]:
    return next(v for v in described["ProductionVariants"] if v["VariantName"] == name)


def test_an_update_shows_old_config_and_what_is_pending(
    sagemaker: Any, endpoint: str, make_config: Make, clock: ManualClock
) -> None:
    make_config("two", a=(1.0, 3))
    clock.advance(60)
    answer = sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="two")
    assert answer["EndpointArn"] == ARN + "ep"
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("Updating", "one")
    assert {v["VariantName"] for v in described["ProductionVariants"]} == {"a", "b"}
    assert (described["LastModifiedTime"] - described["CreationTime"]).seconds == 60
    pending = described["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "two"
    assert pending["StartTime"] == described["LastModifiedTime"]
    (only,) = pending["ProductionVariants"]
    assert (only["DesiredInstanceCount"], only["DesiredWeight"]) == (3, 1.0)
    assert (only["CurrentInstanceCount"], only["InstanceType"]) == (0, "ml.m5.large")
    assert only["VariantStatus"][0]["StatusMessage"] == "Launching 3 instance(s)."


def test_a_finished_update_shows_the_new_config(
    sagemaker: Any, endpoint: str, make_config: Make, settle: Settle
) -> None:
    make_config("two", c=(1.0, 1))
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="two")
    settle(endpoint)
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == "two"
    assert [v["VariantName"] for v in described["ProductionVariants"]] == ["c"]
    assert "PendingDeploymentSummary" not in described


def test_a_failed_update_keeps_the_old_config_and_its_reason_until_the_next(
    sagemaker: Any, endpoint: str, make_config: Make, settle: Settle
) -> None:
    make_config("two")
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="two")
    settle(endpoint, reason="the model does not load")
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "one")
    assert described["FailureReason"] == "the model does not load"
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="two")
    assert "FailureReason" not in sagemaker.describe_endpoint(EndpointName=endpoint)


@pytest.mark.parametrize(
    ("options", "weight", "count"),
    [
        ({}, 0.1, 1),
        ({"RetainAllVariantProperties": False}, 0.1, 1),
        ({"RetainAllVariantProperties": True}, 0.9, 5),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            0.1,
            5,
        ),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [
                    {"VariantPropertyType": "DesiredInstanceCount"},
                    {"VariantPropertyType": "DataCaptureConfig"},
                ],
            },
            0.9,
            1,
        ),
    ],
)
def test_an_update_keeps_running_weights_and_counts_as_asked(
    sagemaker: Any,
    endpoint: str,
    make_config: Make,
    settle: Settle,
    options: dict[str, Any],
    weight: float,
    count: int,
) -> None:
    make_config("two", a=(0.1, 1), new=(0.4, 2))
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": "a", "DesiredWeight": 0.9, "DesiredInstanceCount": 5}
        ],
    )
    settle(endpoint)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="two", **options)
    settle(endpoint)
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    kept, new = variant(described, "a"), variant(described, "new")
    assert (kept["DesiredWeight"], kept["DesiredInstanceCount"]) == (weight, count)
    assert (new["DesiredWeight"], new["DesiredInstanceCount"]) == (0.4, 2)


def test_weights_and_capacities_change_what_is_given_and_leave_the_rest(
    sagemaker: Any, endpoint: str, settle: Settle
) -> None:
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": "a", "DesiredInstanceCount": 4},
            {"VariantName": "b", "DesiredWeight": 0},
        ],
    )
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    a, b = variant(described, "a"), variant(described, "b")
    assert described["EndpointStatus"] == "Updating"
    assert (a["CurrentInstanceCount"], a["DesiredInstanceCount"]) == (2, 4)
    assert (a["CurrentWeight"], a["DesiredWeight"]) == (0.7, 0.7)
    assert a["VariantStatus"][0]["StatusMessage"] == "Scaling out desired instance count to 4."
    assert (b["CurrentWeight"], b["DesiredWeight"]) == (0.3, 0.0)
    assert (b["DesiredInstanceCount"], "VariantStatus" in b) == (1, False)
    settle(endpoint)
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert variant(described, "a")["CurrentInstanceCount"] == 4
    assert variant(described, "b")["CurrentWeight"] == 0.0


def test_scaling_in_shows_how_many_go(sagemaker: Any, endpoint: str) -> None:
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredInstanceCount": 1}],
    )
    status = variant(sagemaker.describe_endpoint(EndpointName=endpoint), "a")["VariantStatus"]
    assert status[0]["StatusMessage"] == "Terminating 1 instance(s)."


@pytest.mark.parametrize(
    ("changes", "named", "code"),
    [
        ([{"VariantName": "nope", "DesiredWeight": 1}], '"nope"', "ValidationException"),
        ([{"VariantName": "a"}, {"VariantName": "a"}], "twice", "ValidationException"),
        ([{"VariantName": "a", "DesiredInstanceCount": 0}], "at least 1", "ValidationException"),
        (
            [{"VariantName": "a", "DesiredInstanceCount": 9999}],
            "256 Instances",
            "ResourceLimitExceeded",
        ),
        (
            [{"VariantName": "a", "ServerlessUpdateConfig": {"MaxConcurrency": 1}}],
            "DesiredWeightsAndCapacities[1].ServerlessUpdateConfig: ",
            "ValidationException",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_whole(
    sagemaker: Any,
    endpoint: str,
    refused: Refused,
    changes: list[dict[str, Any]],
    named: str,
    code: str,
) -> None:
    before = sagemaker.describe_endpoint(EndpointName=endpoint)
    message = refused(
        sagemaker.update_endpoint_weights_and_capacities,
        code,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "b", "DesiredWeight": 9}, *changes],
    )
    after = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert named in message
    assert before["ProductionVariants"] == after["ProductionVariants"]
    assert after["EndpointStatus"] == "InService"


ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


def blue_green(**changes: Any) -> dict[str, Any]:
    policy = {"TrafficRoutingConfiguration": ALL_AT_ONCE, **changes}
    return {"BlueGreenUpdatePolicy": policy}


def test_an_all_at_once_deployment_is_taken_and_shown(
    sagemaker: Any, endpoint: str, settle: Settle, refused: Refused
) -> None:
    config = blue_green()
    asked = {"EndpointName": endpoint, "EndpointConfigName": "one"}
    sagemaker.update_endpoint(**asked, DeploymentConfig=config)
    settle(endpoint)
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["LastDeploymentConfig"] == config
    sagemaker.update_endpoint(**asked, RetainDeploymentConfig=True)
    settle(endpoint)
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["LastDeploymentConfig"] == config
    both = {"DeploymentConfig": config, "RetainDeploymentConfig": True}
    assert "not both" in refused(sagemaker.update_endpoint, **asked, **both)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_refused(
    sagemaker: Any, endpoint: str, weight: float
) -> None:
    with pytest.raises(sagemaker.exceptions.ClientError) as raised:
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": weight}],
        )
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "InService"
