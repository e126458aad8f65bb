"""Application Auto Scaling's API: what it keeps, and what it refuses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import alarms
from tests.support.api_client import ApiServer

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/Ep/variant/a",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
INVOCATIONS = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
TRACKING = {"TargetValue": 70.0, "PredefinedMetricSpecification": INVOCATIONS}
STEP = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
}


@pytest.fixture(scope="session")
def one_scaling_client(one_server: ApiServer) -> Any:
    return one_server.client("application-autoscaling")


@pytest.fixture
def scaling(server: ApiServer, one_scaling_client: Any) -> Any:
    return one_scaling_client


@pytest.fixture
def target(scaling: Any, endpoint: str) -> Iterator[dict[str, str]]:
    """Variant a of the endpoint, between 1 and 4."""
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    return TARGET


def put(scaling: Any, name: str = "track", **configuration: Any) -> Any:
    return scaling.put_scaling_policy(
        **TARGET,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**TRACKING, **configuration},
    )


def put_step(scaling: Any, name: str = "step", **configuration: Any) -> Any:
    return scaling.put_scaling_policy(
        **TARGET,
        PolicyName=name,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={**STEP, **configuration},
    )


def alarm_of(server: ApiServer, name: str) -> dict[str, Any] | None:
    record = alarms.find_alarm(server.records, DEFAULT_ACCOUNT, DEFAULT_REGION, name)
    return None if record is None else record.document["members"]


def test_a_target_is_described_as_it_was_registered(scaling: Any, endpoint: str) -> None:
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    (shown,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert shown["ScalableTargetARN"] == arn["ScalableTargetARN"]
    assert (shown["MinCapacity"], shown["MaxCapacity"]) == (1, 4)
    assert {member: shown[member] for member in TARGET} == TARGET
    assert shown["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in shown["RoleARN"]


def test_registering_again_changes_only_what_is_named(scaling: Any, target: Any) -> None:
    scaling.register_scalable_target(**target, MaxCapacity=9)
    scaling.register_scalable_target(**target, SuspendedState={"DynamicScalingInSuspended": True})
    (shown,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (shown["MinCapacity"], shown["MaxCapacity"]) == (1, 9)
    assert shown["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert shown["SuspendedState"]["DynamicScalingOutSuspended"] is False


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"MinCapacity": 5}, "cannot be less than minimum"),
        ({"MinCapacity": -1}, "at least 0"),
        ({"MaxCapacity": None}, "are required"),
        ({"MaxCapacity": 100_000}, "at most 256"),
        ({"ResourceId": "endpoint/Ep/variant/zzz"}, 'production variant "zzz"'),
        ({"ResourceId": "endpoint/Nope/variant/a"}, "does not exist"),
        ({"ResourceId": "endpoint/Ep"}, "endpoint/NAME/variant/NAME"),
        ({"ServiceNamespace": "ecs"}, "sagemaker only"),
        ({"ScalableDimension": "ecs:service:DesiredCount"}, "not one of sagemaker"),
        ({"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}, "serverless"),
        ({"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}, "NAME"),
        ({"Tags": {"aws:x": "y"}}, "reserved"),
    ],
)
def test_what_cannot_be_a_target_is_refused(
    scaling: Any, endpoint: str, refused: Callable[..., str], changed: dict[str, Any], says: str
) -> None:
    asked = {**TARGET, "MinCapacity": 1, "MaxCapacity": 4, **changed}
    asked = {name: value for name, value in asked.items() if value is not None}
    assert says in refused(scaling.register_scalable_target, **asked)


def test_a_burstable_instance_type_is_refused(
    scaling: Any, sagemaker: Any, endpoint: str, settle: Any, refused: Callable[..., str]
) -> None:
    variant = {"VariantName": "a", "ModelName": "one-a", "InstanceType": "ml.t2.medium"}
    sagemaker.create_endpoint_config(EndpointConfigName="t2", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="Small", EndpointConfigName="t2")
    asked = {**TARGET, "ResourceId": "endpoint/Small/variant/a", "MinCapacity": 1}
    assert "burstable" in refused(scaling.register_scalable_target, **asked, MaxCapacity=2)


def test_tracking_makes_the_two_alarms_that_it_names(
    scaling: Any, target: Any, server: ApiServer
) -> None:
    made = put(scaling)
    high, low = (alarm["AlarmName"] for alarm in made["Alarms"])
    assert high.startswith("TargetTracking-endpoint/Ep/variant/a-AlarmHigh-")
    assert low.startswith("TargetTracking-endpoint/Ep/variant/a-AlarmLow-")
    above, below = alarm_of(server, high), alarm_of(server, low)
    assert above is not None
    assert below is not None
    assert above["MetricName"] == "InvocationsPerInstance"
    assert above["Statistic"] == "Sum"
    assert (above["Threshold"], above["Period"], above["EvaluationPeriods"]) == (70.0, 60, 3)
    assert below["Threshold"] == pytest.approx(63.0)
    assert (below["Period"], below["EvaluationPeriods"]) == (60, 15)
    assert above["AlarmActions"] == [made["PolicyARN"]] == below["AlarmActions"]
    assert above["Dimensions"] == [
        {"Name": "EndpointName", "Value": "Ep"},
        {"Name": "VariantName", "Value": "a"},
    ]


def test_putting_a_policy_again_keeps_its_arn_and_moves_its_alarms(
    scaling: Any, target: Any, server: ApiServer
) -> None:
    first, second = put(scaling), put(scaling, TargetValue=100.0)
    assert second["PolicyARN"] == first["PolicyARN"]
    assert second["Alarms"] == first["Alarms"]
    found = alarm_of(server, second["Alarms"][0]["AlarmName"])
    assert found is not None
    assert found["Threshold"] == 100.0


def test_a_policy_that_never_scales_in_has_no_low_alarm(
    scaling: Any, target: Any, server: ApiServer
) -> None:
    both = put(scaling)["Alarms"]
    only = put(scaling, DisableScaleIn=True)["Alarms"]
    assert only == both[:1]
    assert alarm_of(server, both[1]["AlarmName"]) is None


def test_metric_math_is_watched_by_the_alarms(scaling: Any, target: Any, server: ApiServer) -> None:
    metric = {"Namespace": "Mine", "MetricName": "Jobs", "Dimensions": []}
    queries = [
        {"Id": "jobs", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "each", "Expression": "jobs / 2"},
    ]
    made = scaling.put_scaling_policy(
        **TARGET,
        PolicyName="math",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": {"Metrics": queries},
        },
    )
    found = alarm_of(server, made["Alarms"][0]["AlarmName"])
    assert found is not None
    assert [query["ReturnData"] for query in found["Metrics"]] == [False, True]
    assert found["Metrics"][0]["MetricStat"]["Period"] == 60


@pytest.mark.parametrize(
    ("configuration", "says"),
    [
        ({"TargetValue": 0.0}, "greater than 0"),
        ({"TargetValue": -5.0}, "greater than 0"),
        ({"PredefinedMetricSpecification": None}, "Give one of"),
        ({"CustomizedMetricSpecification": {"MetricName": "m"}}, "Give one of"),
        ({"ScaleInCooldown": -1}, "ScaleInCooldown"),
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisioned"}},
            "PredefinedMetricType",
        ),
        (
            {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
                }
            },
            "is not valid for",
        ),
        (
            {
                "PredefinedMetricSpecification": None,
                "CustomizedMetricSpecification": {"MetricName": "m", "Namespace": "n"},
            },
            "needs Statistic",
        ),
        (
            {
                "PredefinedMetricSpecification": None,
                "CustomizedMetricSpecification": {
                    "Metrics": [
                        {"Id": "a", "Expression": "1"},
                        {"Id": "b", "Expression": "2"},
                    ]
                },
            },
            "exactly one query",
        ),
        (
            {
                "PredefinedMetricSpecification": None,
                "CustomizedMetricSpecification": {"Metrics": [{"Id": "A", "Expression": "1"}]},
            },
            "lower-case",
        ),
    ],
)
def test_what_cannot_be_tracked_is_refused(
    scaling: Any,
    target: Any,
    refused: Callable[..., str],
    configuration: dict[str, Any],
    says: str,
) -> None:
    asked = {k: v for k, v in {**TRACKING, **configuration}.items() if v is not None}
    message = refused(
        scaling.put_scaling_policy,
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=asked,
    )
    assert says.lower() in message.lower()


def step(lower: float | None, upper: float | None) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper}
    return {"ScalingAdjustment": 1, **{k: v for k, v in bounds.items() if v is not None}}


@pytest.mark.parametrize(
    ("configuration", "says"),
    [
        ({"StepAdjustments": []}, "needs StepAdjustments"),
        ({"StepAdjustments": [step(None, None)]}, "needs a MetricInterval"),
        ({"StepAdjustments": [step(0, 10), step(5, None)]}, "overlap"),
        ({"StepAdjustments": [step(0, 10), step(15, None)]}, "gap"),
        ({"StepAdjustments": [step(0, None), step(5, None)]}, "overlap"),
        ({"StepAdjustments": [step(10, 0)]}, "must be less"),
        ({"StepAdjustments": [step(0, 10)]}, "ends at 10"),
        ({"StepAdjustments": [step(-10, 0)]}, "begins at -10"),
        ({"MinAdjustmentMagnitude": 2}, "PercentChangeInCapacity only"),
        ({"Cooldown": -1}, "Cooldown"),
    ],
)
def test_steps_must_be_one_range(
    scaling: Any,
    target: Any,
    refused: Callable[..., str],
    configuration: dict[str, Any],
    says: str,
) -> None:
    message = refused(
        scaling.put_scaling_policy,
        **TARGET,
        PolicyName="p",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={**STEP, **configuration},
    )
    assert says in message


def test_two_policies_cannot_track_one_metric(
    scaling: Any, target: Any, refused: Callable[..., str]
) -> None:
    put(scaling)
    assert "Only one TargetTrackingScaling policy" in refused(put, scaling=scaling, name="other")


def test_a_policy_keeps_its_type(scaling: Any, target: Any, refused: Callable[..., str]) -> None:
    put(scaling, "same")
    assert "cannot be changed" in refused(put_step, scaling=scaling, name="same")


def test_predictive_scaling_is_refused(
    scaling: Any, target: Any, refused: Callable[..., str]
) -> None:
    message = refused(
        scaling.put_scaling_policy, **TARGET, PolicyName="p", PolicyType="PredictiveScaling"
    )
    assert "predictive" in message


def test_nothing_hangs_on_a_target_that_is_not_there(
    scaling: Any, endpoint: str, refused: Callable[..., str]
) -> None:
    missing = "ObjectNotFoundException"
    assert "registered" in refused(put, missing, scaling=scaling)
    asked = {**TARGET, "ScheduledActionName": "n", "Schedule": "rate(1 hour)"}
    refused(scaling.put_scheduled_action, missing, **asked, ScalableTargetAction={"MinCapacity": 1})
    assert "No scalable target found" in refused(
        scaling.deregister_scalable_target, missing, **TARGET
    )
    assert "policy name: p" in refused(
        scaling.delete_scaling_policy, missing, **TARGET, PolicyName="p"
    )


def test_deregistering_takes_policies_alarms_and_actions_along(
    scaling: Any, target: Any, server: ApiServer
) -> None:
    made = put(scaling)
    scaling.put_scheduled_action(
        **TARGET,
        ScheduledActionName="n",
        Schedule="rate(1 hour)",
        ScalableTargetAction={"MinCapacity": 2},
    )
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    shown = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
    assert shown["ScheduledActions"] == []
    assert all(alarm_of(server, alarm["AlarmName"]) is None for alarm in made["Alarms"])


def test_policies_are_described_in_pages(scaling: Any, target: Any) -> None:
    for number in range(5):
        put_step(scaling, f"step-{number}")
    pages = scaling.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}
    )
    names = [p["PolicyName"] for page in pages for p in page["ScalingPolicies"]]
    assert names == [f"step-{number}" for number in range(5)]


def test_a_token_of_another_call_is_refused(
    scaling: Any, target: Any, refused: Callable[..., str]
) -> None:
    refused(
        scaling.describe_scalable_targets,
        "InvalidNextTokenException",
        ServiceNamespace="sagemaker",
        NextToken="bm9uc2Vuc2U=",
    )


def test_step_scaling_names_the_alarms_of_users(
    scaling: Any, target: Any, server: ApiServer
) -> None:
    arn = put_step(scaling)["PolicyARN"]
    members = {"AlarmName": "mine", "AlarmActions": [arn]}
    alarms.put_alarm(server.records, DEFAULT_ACCOUNT, DEFAULT_REGION, members, 1.0)
    shown = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", PolicyNames=["step"])
    assert [a["AlarmName"] for a in shown["ScalingPolicies"][0]["Alarms"]] == ["mine"]


def test_a_scheduled_action_is_described_as_it_was_put(scaling: Any, target: Any) -> None:
    scaling.put_scheduled_action(
        **TARGET,
        ScheduledActionName="mornings",
        Schedule="cron(0 8 ? * MON-FRI *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 6},
    )
    scaling.put_scheduled_action(
        **TARGET, ScheduledActionName="mornings", ScalableTargetAction={"MinCapacity": 3}
    )
    (shown,) = scaling.describe_scheduled_actions(
        ServiceNamespace="sagemaker", ScheduledActionNames=["mornings"]
    )["ScheduledActions"]
    assert shown["Schedule"] == "cron(0 8 ? * MON-FRI *)"
    assert shown["Timezone"] == "Europe/Berlin"
    assert shown["ScalableTargetAction"] == {"MinCapacity": 3}
    assert ":scheduledActionName/mornings" in shown["ScheduledActionARN"]
    scaling.delete_scheduled_action(**TARGET, ScheduledActionName="mornings")
    assert not scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"Schedule": "now and then"}, "is not a schedule"),
        ({"Schedule": "cron(0 8 * * * *)"}, "must be ?"),
        ({"Schedule": "at(2001-01-01T00:00:00)"}, "in the past"),
        ({"Timezone": "Mars/Olympus"}, "time zone"),
        ({"ScalableTargetAction": {}}, "needs a MinCapacity"),
        ({"ScalableTargetAction": {"MinCapacity": 5, "MaxCapacity": 2}}, "cannot be less"),
        ({"StartTime": 1_800_000_000, "EndTime": 1_790_000_000}, "after StartTime"),
    ],
)
def test_a_scheduled_action_that_could_do_nothing_is_refused(
    scaling: Any, target: Any, refused: Callable[..., str], changed: dict[str, Any], says: str
) -> None:
    asked = {
        "ScheduledActionName": "n",
        "Schedule": "cron(0 8 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 2},
        **changed,
    }
    assert says in refused(scaling.put_scheduled_action, **TARGET, **asked)


def test_tags_of_a_target_are_kept_until_it_goes(
    scaling: Any, endpoint: str, refused: Callable[..., str]
) -> None:
    arn = scaling.register_scalable_target(
        **TARGET, MinCapacity=1, MaxCapacity=2, Tags={"team": "a"}
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"cost": "b"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"cost": "b"}
    scaling.deregister_scalable_target(**TARGET)
    refused(scaling.list_tags_for_resource, "ResourceNotFoundException", ResourceARN=arn)


def test_an_endpoint_that_is_deleted_is_deregistered_silently(
    scaling: Any, sagemaker: Any, target: Any, server: ApiServer, clock: ManualClock
) -> None:
    made = put(scaling)
    sagemaker.delete_endpoint(EndpointName="Ep")
    assert not scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert alarm_of(server, made["Alarms"][0]["AlarmName"]) is None


def test_an_update_cannot_take_a_scaled_variant_away(
    scaling: Any, sagemaker: Any, target: Any, make_config: Any, refused: Callable[..., str]
) -> None:
    make_config("without", b=(1.0, 1))
    message = refused(sagemaker.update_endpoint, EndpointName="Ep", EndpointConfigName="without")
    assert "[a] must be deregistered as scalable targets" in message.replace('"', "")


def test_an_update_cannot_change_a_scaled_variants_instance_type(
    scaling: Any, sagemaker: Any, target: Any, refused: Callable[..., str]
) -> None:
    old = sagemaker.describe_endpoint_config(EndpointConfigName="one")["ProductionVariants"]
    new = [{**variant, "InstanceType": "ml.m5.xlarge"} for variant in old]
    sagemaker.create_endpoint_config(EndpointConfigName="larger", ProductionVariants=new)
    message = refused(sagemaker.update_endpoint, EndpointName="Ep", EndpointConfigName="larger")
    assert "instance type" in message


def test_an_update_to_another_model_keeps_the_target(
    scaling: Any, sagemaker: Any, target: Any, make_config: Any
) -> None:
    make_config("two", a=(1.0, 1))
    sagemaker.update_endpoint(EndpointName="Ep", EndpointConfigName="two")
    shown = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert [one["ResourceId"] for one in shown] == [target["ResourceId"]]
