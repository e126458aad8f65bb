"""Scaling as users know it: real load, real instances, no failed call."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.async_endpoints import deploy_async
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_model,
    deploy,
    load,
    model_archive,
    predict,
    settled,
    until,
)
from tests.support.scaling import activities, counts, track, until_instances, what

from argosy.testing import Platform

MODEL = classifier()
EXPECTED = MODEL.predict(ROWS).tolist()


@pytest.fixture(scope="module")
def quick() -> Iterator[Platform]:
    """A platform whose rules count in seconds."""
    with Platform(scaling_period=1) as running:
        yield running


def test_a_rush_is_met_by_more_instances_and_calm_by_none_without_a_failed_call(
    quick: Platform,
) -> None:
    deploy(quick, "rush", model_archive(MODEL))
    track(quick, "rush", 0, 3, TargetValue=300.0, ScaleInCooldown=1, ScaleOutCooldown=1)

    with load(quick, "rush", MODEL, clients=2) as calls:
        until_instances(quick, "rush", 3)
        calls.more(50)
        track(quick, "rush", 0, 3, TargetValue=1e6)  # so much for each: one will do
        until_instances(quick, "rush", 1)
        calls.more(50)
    until_instances(quick, "rush", 0)
    answer = predict(quick.client("sagemaker-runtime"), "rush", ROWS)

    assert calls.failures == []
    assert answer == EXPECTED
    *_, first = activities(quick, "rush")
    assert first["StatusCode"] == "Successful"
    assert first["Cause"].startswith("monitor alarm TargetTracking-endpoint/rush/variant/")
    assert first["Cause"].endswith("in state ALARM triggered policy track")


def test_copies_of_a_component_follow_the_requests_in_flight(quick: Platform) -> None:
    component_of(quick, "hall", "part")
    named = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "inference-component/part",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
    }
    scaling = quick.client("application-autoscaling")
    scaling.register_scalable_target(**named, MinCapacity=1, MaxCapacity=2)
    kind = "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
    scaling.put_scaling_policy(
        **named,
        PolicyName="in-flight",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 0.05,
            "PredefinedMetricSpecification": {"PredefinedMetricType": kind},
        },
    )
    with load(quick, "hall", MODEL, clients=2, component="part") as calls:
        until(lambda: copies(quick, "part") == (2, 2), 90)
        calls.more(20)

    assert calls.failures == []
    done = scaling.describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId="inference-component/part"
    )["ScalingActivities"]
    assert done[-1]["Description"] == "Setting desired copy count to 2."


def component_of(platform: Platform, endpoint: str, component: str) -> None:
    """An endpoint for components, and one with a copy of the model."""
    create_model(platform, component, model_archive(MODEL))
    sagemaker = platform.client("sagemaker")
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=endpoint,
        ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
    )
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    settled(platform, endpoint)
    sagemaker.create_inference_component(
        InferenceComponentName=component,
        EndpointName=endpoint,
        VariantName="AllTraffic",
        Specification={
            "ModelName": component,
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128},
        },
        RuntimeConfig={"CopyCount": 1},
    )
    until(lambda: copies(platform, component) == (1, 1), 90)


def copies(platform: Platform, component: str) -> tuple[int, int]:
    described = platform.client("sagemaker").describe_inference_component(
        InferenceComponentName=component
    )
    told = described["RuntimeConfig"]
    return told["CurrentCopyCount"], told["DesiredCopyCount"]


def test_a_scheduled_action_comes_at_its_time(quick: Platform) -> None:
    deploy(quick, "timed", model_archive(MODEL))
    scaling = quick.client("application-autoscaling")
    scaling.register_scalable_target(**what("timed"), MinCapacity=1, MaxCapacity=2)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    scaling.put_scheduled_action(
        **what("timed"),
        ScheduledActionName="opening",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 2},
    )

    until_instances(quick, "timed", 2)

    causes = [one["Cause"] for one in activities(quick, "timed")]
    assert causes == [
        "minimum capacity was set to 2",
        "scheduled action name opening was triggered",
    ]


def test_the_command_shows_metrics_targets_and_activities(quick: Platform) -> None:
    deploy(quick, "shown", model_archive(MODEL))
    track(quick, "shown", 2, 3, TargetValue=1e6)
    until_instances(quick, "shown", 2)

    said = argosy(quick, "scaling", "shown", "--json")
    (target,) = json.loads(said)["targets"]

    assert (target["least"], target["most"], target["desired"]) == (2, 3, 2)
    assert target["policies"][0]["target"] == 1e6
    assert "minimum capacity was set to 2" in [one["cause"] for one in target["activities"]]
    assert "Setting desired instance count to 2." in argosy(quick, "scaling", "shown")


def argosy(platform: Platform, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "argosy.cli", *arguments],
        env=platform.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_a_metric_of_ones_own_scales_by_metric_math(quick: Platform) -> None:
    deploy(quick, "own", model_archive(MODEL))
    metric = {"Namespace": "Shop", "MetricName": "Waiting", "Dimensions": []}
    queries = [
        {"Id": "waiting", "MetricStat": {"Metric": metric, "Stat": "Average"}, "ReturnData": False},
        {"Id": "each", "Expression": "waiting / 2"},
    ]
    track(quick, "own", 1, 4, TargetValue=10.0, CustomizedMetricSpecification={"Metrics": queries})
    cloudwatch = quick.client("cloudwatch")

    def told() -> bool:
        datum = {"MetricName": "Waiting", "Value": 50.0, "StorageResolution": 1}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        return counts(quick, "own") == (3, 3)

    until(told, 90)


def test_an_asynchronous_endpoint_leaves_zero_for_its_queue(quick: Platform) -> None:
    deploy_async(quick, "queued", model_archive(MODEL))
    quick.client("application-autoscaling").register_scalable_target(
        **what("queued"), MinCapacity=0, MaxCapacity=0
    )
    until_instances(quick, "queued", 0)
    backlog = {
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": "EndpointName", "Value": "queued"}],
        "Statistic": "Average",
    }
    track(
        quick,
        "queued",
        0,
        2,
        TargetValue=5.0,
        CustomizedMetricSpecification=backlog,
        ScaleInCooldown=1,
    )
    arn = step_from_zero(quick, "queued")

    answer = quick.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="queued", InputLocation=stored(quick), ContentType="application/json"
    )
    bucket, _, key = answer["OutputLocation"].removeprefix("s3://").partition("/")
    s3 = quick.client("s3")
    until(lambda: key in keys(s3, bucket), 90)

    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert json.loads(body) == EXPECTED
    causes = " ".join(one["Cause"] for one in activities(quick, "queued"))
    assert "monitor alarm queued-waits in state ALARM triggered policy from-zero" in causes
    assert arn.endswith("policyName/from-zero")


def step_from_zero(platform: Platform, endpoint: str) -> str:
    """The documented way up from zero: a step policy, and an alarm on the backlog."""
    made = platform.client("application-autoscaling").put_scaling_policy(
        **what(endpoint),
        PolicyName="from-zero",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            "Cooldown": 1,
        },
    )
    platform.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{endpoint}-waits",
        Namespace="AWS/SageMaker",
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=[{"Name": "EndpointName", "Value": endpoint}],
        Statistic="Average",
        Period=10,
        EvaluationPeriods=1,
        Threshold=0.1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        AlarmActions=[made["PolicyARN"]],
    )
    return str(made["PolicyARN"])


def stored(platform: Platform) -> str:
    body = json.dumps(ROWS.tolist())
    platform.client("s3").put_object(Bucket="models", Key="in/rows.json", Body=body)
    return "s3://models/in/rows.json"


def keys(s3: Any, bucket: str) -> list[str]:
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return [one["Key"] for one in found]
