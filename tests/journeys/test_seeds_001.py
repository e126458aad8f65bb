"""Seed 001: the procedure for updating an endpoint that is scaled, and the canary of 10:90."""

import json

from tests.support.endpoints import (
    ROWS,
    classifier,
    create_config,
    create_model,
    deploy,
    load,
    model_archive,
    predict,
    settled,
)
from tests.support.scaling import track, what

from argosy.testing import Platform

OLD = classifier(1.0)
NEW = classifier(0.001)


def test_the_seven_steps_move_a_scaled_endpoint_to_the_latest_model_without_a_failed_call(
    platform: Platform,
) -> None:
    deploy(platform, "churn", model_archive(OLD))
    create_model(platform, "churn-latest", model_archive(NEW))
    track(platform, "churn", 1, 4, TargetValue=1e6)
    sagemaker = platform.client("sagemaker")
    autoscaling = platform.client("application-autoscaling")

    with load(platform, "churn", OLD, NEW, clients=2) as calls:
        # 1. De-register endpoint as scalable target.
        autoscaling.deregister_scalable_target(**what("churn"))
        # 2. As a precaution, raise the instance count in case there is heavy traffic.
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="churn",
            DesiredWeightsAndCapacities=[
                {"VariantName": "AllTraffic", "DesiredInstanceCount": 2},
            ],
        )
        # 3. Wait for the endpoint to be InService.
        raised = settled(platform, "churn")
        # 4. Call DescribeEndpointConfig to get the current config.
        current = sagemaker.describe_endpoint_config(EndpointConfigName="churn")
        # 5. Create a new endpoint config.
        variants = [v | {"ModelName": "churn-latest"} for v in current["ProductionVariants"]]
        sagemaker.create_endpoint_config(EndpointConfigName="churn-2", ProductionVariants=variants)
        # 6. Update the endpoint.
        sagemaker.update_endpoint(
            EndpointName="churn", EndpointConfigName="churn-2", RetainAllVariantProperties=True
        )
        # 7. Re-enable automatic scaling.
        autoscaling.register_scalable_target(**what("churn"), MinCapacity=1, MaxCapacity=4)
        updated = settled(platform, "churn")
        calls.more(20)

    assert calls.failures == []
    shown = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert what("churn")["ResourceId"] in [target["ResourceId"] for target in shown]
    assert raised["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert updated["EndpointConfigName"] == "churn-2"
    assert updated["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    runtime = platform.client("sagemaker-runtime")
    assert predict(runtime, "churn", ROWS) == NEW.predict(ROWS).tolist()


def test_a_scaled_endpoint_is_updated_without_deregistering_and_keeps_its_count(
    platform: Platform,
) -> None:
    deploy(platform, "kept", model_archive(OLD), instances=2)
    create_model(platform, "kept-latest", model_archive(NEW))
    create_config(platform, "kept-2", AllTraffic=("kept-latest", 1, 1.0))
    track(platform, "kept", 1, 4, TargetValue=1e6)

    with load(platform, "kept", OLD, NEW, clients=2) as calls:
        platform.client("sagemaker").update_endpoint(
            EndpointName="kept", EndpointConfigName="kept-2", RetainAllVariantProperties=True
        )
        updated = settled(platform, "kept")
        calls.more(20)

    assert calls.failures == []
    assert updated["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    (policy,) = platform.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=what("kept")["ResourceId"]
    )["ScalingPolicies"]
    assert len(policy["Alarms"]) == 2


def test_a_canary_of_ten_to_ninety_takes_a_tenth_of_real_calls(platform: Platform) -> None:
    create_model(platform, "trusted", model_archive(OLD))
    create_model(platform, "fresh", model_archive(NEW))
    create_config(platform, "ten-ninety", Trusted=("trusted", 1, 90), Fresh=("fresh", 1, 10))
    platform.client("sagemaker").create_endpoint(
        EndpointName="ten-ninety", EndpointConfigName="ten-ninety"
    )
    settled(platform, "ten-ninety")
    runtime = platform.client("sagemaker-runtime")

    answers = [
        runtime.invoke_endpoint(
            EndpointName="ten-ninety",
            ContentType="application/json",
            Body=json.dumps(ROWS[:1].tolist()),
        )["InvokedProductionVariant"]
        for _ in range(500)
    ]

    assert 0.03 < answers.count("Fresh") / 500 < 0.17
