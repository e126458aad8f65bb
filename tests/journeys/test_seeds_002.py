"""Seed 002's snippets for scaling, A/B, canaries and batch transform; only names are filled in.

The snippets stand between the lines `# —— as in the document` and `# ——`.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_config,
    create_model,
    deploy,
    load,
    model_archive,
    settled,
)
from tests.support.transforms import csv

from argosy.testing import Platform

MODELS = {"a": classifier(1.0), "b": classifier(0.001)}


def invoked(platform: Platform, endpoint: str, calls: int) -> Counter[str]:
    """Which variants answered; each answer is compared with the local model's."""
    runtime = platform.client("sagemaker-runtime")
    counts: Counter[str] = Counter()
    for number in range(calls):
        row = ROWS[number % len(ROWS)][None]
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Body=json.dumps(row.tolist()),
        )
        variant = answer["InvokedProductionVariant"]
        model = MODELS["a" if variant in ("ModelA", "ModelOld") else "b"]
        assert json.loads(answer["Body"].read()) == model.predict(row).tolist()
        counts[variant] += 1
    return counts


def test_the_auto_scaling_example_makes_a_policy_that_looks(platform: Platform) -> None:
    endpoint_name = "auto-scaled"
    deploy(platform, endpoint_name, model_archive(MODELS["a"]))
    boto3 = platform

    # —— as in the document
    autoscaling = boto3.client("application-autoscaling")

    # Register scalable target
    autoscaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{endpoint_name}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=10,
    )

    # Target tracking policy
    autoscaling.put_scaling_policy(
        PolicyName="target-tracking-policy",
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{endpoint_name}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
    # ——
    (policy,) = autoscaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", PolicyNames=["target-tracking-policy"]
    )["ScalingPolicies"]
    alarms = platform.client("cloudwatch").describe_alarms(
        AlarmNames=[alarm["AlarmName"] for alarm in policy["Alarms"]]
    )["MetricAlarms"]
    assert sorted(round(alarm["Threshold"], 6) for alarm in alarms) == [63.0, 70.0]


def test_the_ab_configuration_splits_traffic_seventy_to_thirty(platform: Platform) -> None:
    create_model(platform, "model-a", model_archive(MODELS["a"]))
    create_model(platform, "model-b", model_archive(MODELS["b"]))
    sagemaker_client = platform.client("sagemaker")

    # —— as in the document
    sagemaker_client.create_endpoint_config(
        EndpointConfigName="ab-test-config",
        ProductionVariants=[
            {
                "VariantName": "ModelA",
                "ModelName": "model-a",
                "InstanceType": "ml.m5.xlarge",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 0.7,  # 70% traffic
            },
            {
                "VariantName": "ModelB",
                "ModelName": "model-b",
                "InstanceType": "ml.m5.xlarge",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 0.3,  # 30% traffic
            },
        ],
    )
    # ——
    sagemaker_client.create_endpoint(
        EndpointName="ab-endpoint", EndpointConfigName="ab-test-config"
    )
    settled(platform, "ab-endpoint")
    counts = invoked(platform, "ab-endpoint", 600)

    # Chance strays this far from 0.3 once in a million runs.
    assert counts["ModelB"] / 600 == pytest.approx(0.3, abs=0.094)


def test_a_canary_goes_from_five_percent_to_all(platform: Platform) -> None:
    create_model(platform, "old", model_archive(MODELS["a"]))
    create_model(platform, "new", model_archive(MODELS["b"]))
    create_config(platform, "canary", ModelOld=("old", 1, 1.0), ModelNew=("new", 1, 0.0))
    sagemaker_client = platform.client("sagemaker")
    sagemaker_client.create_endpoint(EndpointName="my-endpoint", EndpointConfigName="canary")
    settled(platform, "my-endpoint")
    before = invoked(platform, "my-endpoint", 50)

    # —— as in the document
    # Start with 5% traffic to new version
    sagemaker_client.update_endpoint_weights_and_capacities(
        EndpointName="my-endpoint",
        DesiredWeightsAndCapacities=[
            {"VariantName": "ModelOld", "DesiredWeight": 0.95},
            {"VariantName": "ModelNew", "DesiredWeight": 0.05},
        ],
    )
    # ——
    settled(platform, "my-endpoint")
    with load(platform, "my-endpoint", MODELS["a"], MODELS["b"], clients=1) as clients:
        at_five = invoked(platform, "my-endpoint", 600)
        shares = {percent: share_at(platform, percent) for percent in (25, 50, 100)}

    assert clients.failures == []
    assert before == {"ModelOld": 50}
    assert at_five["ModelNew"] / 600 == pytest.approx(0.05, abs=0.045)
    assert shares[25] == pytest.approx(0.25, abs=0.13)
    assert shares[50] == pytest.approx(0.50, abs=0.15)
    assert shares[100] == 1.0


def share_at(platform: Platform, percent: int) -> float:
    """Monitor, then increase: the share the new version takes at this weight."""
    platform.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="my-endpoint",
        DesiredWeightsAndCapacities=[
            {"VariantName": "ModelOld", "DesiredWeight": 1 - percent / 100},
            {"VariantName": "ModelNew", "DesiredWeight": percent / 100},
        ],
    )
    settled(platform, "my-endpoint")
    return invoked(platform, "my-endpoint", 300)["ModelNew"] / 300


@pytest.mark.timeout(INSTALL_S + 360)
def test_the_batch_snippet_transforms_a_file_on_four_instances(
    sdk2: Client, tmp_path: Path
) -> None:
    (tmp_path / "model.tar.gz").write_bytes(model_archive(MODELS["a"]))
    (tmp_path / "data.csv").write_bytes(csv(ROWS))
    labels = MODELS["a"].predict(ROWS)

    told = sdk2.run("sdk2_transform.py", tmp_path)

    assert json.loads(told["answer"]) == labels.tolist()
    assert (told["job"], told["count"]) == ("Completed", 4)
    wanted = [f"{row[0]:g},{label}" for row, label in zip(ROWS, labels, strict=True)]
    assert told["joined"] == wanted
