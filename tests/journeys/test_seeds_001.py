"""Seed 001: the procedure for updating an endpoint to a new model, and the canary of 10:90.

The steps that concern autoscaling (1 and 7) are not part of it yet.
"""

import json

from argosy.testing import Platform
from support.endpoints import (
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

OLD = classifier(1.0)
NEW = classifier(0.001)


def test_an_endpoint_is_moved_to_the_latest_model_without_a_failed_call(
    platform: Platform,
) -> None:
    deploy(platform, "churn", model_archive(OLD))
    create_model(platform, "churn-latest", model_archive(NEW))
    sagemaker = platform.client("sagemaker")

    with load(platform, "churn", OLD, NEW, clients=2) as calls:
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
        updated = settled(platform, "churn")
        calls.more(20)

    assert calls.failures == []
    assert raised["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert updated["EndpointConfigName"] == "churn-2"
    assert updated["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    runtime = platform.client("sagemaker-runtime")
    assert predict(runtime, "churn", ROWS) == NEW.predict(ROWS).tolist()


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
