"""Real-time variants that rest at zero: the first request wakes them, and nobody is refused."""

import concurrent.futures
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support import many_models
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_model,
    deploy,
    in_service,
    model_archive,
    predict,
    settled,
    until,
)

from argosy.testing import Platform

MODEL = classifier()
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def rest(platform: Platform, name: str) -> None:
    """Let the endpoint rest at zero, now."""
    platform.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{name}/variant/AllTraffic",
        ScalableDimension=DIMENSION,
        MinCapacity=0,
        MaxCapacity=2,
    )
    scale(platform, name, 0)
    assert settled(platform, name)["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    until(lambda: not in_service(platform, name))


def scale(platform: Platform, name: str, count: int) -> None:
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
    platform.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[change]
    )


def patient(platform: Platform) -> Any:
    """A client that tries once, and waits for as long as the edge may hold its request."""
    return platform.client("sagemaker-runtime", retries={"total_max_attempts": 1}, read_timeout=90)


def test_a_variant_that_was_not_registered_for_it_keeps_its_instance(platform: Platform) -> None:
    deploy(platform, "zero-not", model_archive(MODEL))
    with pytest.raises(ClientError, match="unless it is a scalable target with MinCapacity 0"):
        scale(platform, "zero-not", 0)


def test_many_first_requests_wake_a_variant_once_and_all_are_answered(platform: Platform) -> None:
    deploy(platform, "zero-many", model_archive(MODEL))
    rest(platform, "zero-many")
    runtime = patient(platform)

    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as crowd:
        calls = [crowd.submit(predict, runtime, "zero-many", ROWS[n : n + 1]) for n in range(16)]
        answers = [call.result(90) for call in calls]

    assert answers == [MODEL.predict(ROWS[n : n + 1]).tolist() for n in range(16)]
    described = settled(platform, "zero-many")["ProductionVariants"][0]
    assert described["DesiredInstanceCount"] == 1
    activities = platform.client("application-autoscaling").describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId="endpoint/zero-many/variant/AllTraffic"
    )["ScalingActivities"]
    assert activities[0]["Description"] == "Setting desired instance count to 1."
    assert len(activities) == 1


@pytest.fixture(scope="module")
def quick() -> Iterator[Platform]:
    """A platform whose rules take seconds, and whose control may be killed."""
    with Platform(scaling_period=1) as own:
        deploy(own, "zero-own", model_archive(MODEL))
        yield own


def test_target_tracking_takes_the_last_instance_away_and_a_request_brings_it_back(
    quick: Platform,
) -> None:
    scaling = quick.client("application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/zero-own/variant/AllTraffic",
        "ScalableDimension": DIMENSION,
    }
    scaling.register_scalable_target(**place, MinCapacity=0, MaxCapacity=2)
    scaling.put_scaling_policy(
        **place,
        PolicyName="to-zero",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 6000.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleInCooldown": 0,
        },
    )
    assert predict(patient(quick), "zero-own", ROWS[:1]) == MODEL.predict(ROWS[:1]).tolist()
    until(lambda: not in_service(quick, "zero-own"), 120)
    assert settled(quick, "zero-own")["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    assert predict(patient(quick), "zero-own", ROWS[:1]) == MODEL.predict(ROWS[:1]).tolist()
    scaling.delete_scaling_policy(**place, PolicyName="to-zero")


def test_who_waits_while_control_is_killed_is_answered_when_it_is_back(quick: Platform) -> None:
    rest(quick, "zero-own")
    os.kill(quick.pids()["control"], signal.SIGKILL)
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as crowd:
        calls = [crowd.submit(predict, patient(quick), "zero-own", ROWS[:1]) for _ in range(4)]
        assert [call.result(90) for call in calls] == [MODEL.predict(ROWS[:1]).tolist()] * 4


def host_with_a_part(platform: Platform) -> None:
    """An endpoint zero-host with a component zero-part that has no copy."""
    sagemaker = platform.client("sagemaker")
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="zero-host",
        ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
    )
    sagemaker.create_endpoint(EndpointName="zero-host", EndpointConfigName="zero-host")
    settled(platform, "zero-host")
    create_model(platform, "zero-part", model_archive(MODEL))
    sagemaker.create_inference_component(
        InferenceComponentName="zero-part",
        EndpointName="zero-host",
        VariantName="AllTraffic",
        Specification={
            "ModelName": "zero-part",
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128},
        },
        RuntimeConfig={"CopyCount": 1},
    )

    def status() -> str:
        part = sagemaker.describe_inference_component(InferenceComponentName="zero-part")
        return str(part["InferenceComponentStatus"])

    until(lambda: status() == "InService")
    sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="zero-part", DesiredRuntimeConfig={"CopyCount": 0}
    )
    until(lambda: status() == "InService")


def test_a_component_that_may_have_no_copy_is_waited_for(platform: Platform) -> None:
    host_with_a_part(platform)
    runtime = patient(platform)
    part = {"InferenceComponentName": "zero-part"}
    with pytest.raises(ClientError, match="no copies"):
        predict(runtime, "zero-host", ROWS, **part)
    platform.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="inference-component/zero-part",
        ScalableDimension="sagemaker:inference-component:DesiredCopyCount",
        MinCapacity=0,
        MaxCapacity=1,
    )

    def woken() -> list[Any] | None:
        """The edges hear of the registration a moment later."""
        try:
            return predict(runtime, "zero-host", ROWS, **part)
        except ClientError as error:
            if "no copies" in str(error):
                return None
            raise

    assert until(woken) == MODEL.predict(ROWS).tolist()


def test_one_of_many_models_wakes_its_endpoint(platform: Platform) -> None:
    many_models.put_model(platform, "one.tar.gz", model_archive(MODEL), "zero-models")
    many_models.serve(platform, "zero-models")
    rest(platform, "zero-models")
    answer = many_models.call(patient(platform), "zero-models", "one.tar.gz")
    assert answer == MODEL.predict(ROWS[:5]).tolist()


def test_an_update_of_a_resting_endpoint_is_what_wakes(platform: Platform) -> None:
    """Seed 001's step: the config is changed while the variant has no instance."""
    deploy(platform, "zero-new", model_archive(MODEL))
    rest(platform, "zero-new")
    sagemaker = platform.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName="zero-new-2",
        ProductionVariants=sagemaker.describe_endpoint_config(EndpointConfigName="zero-new")[
            "ProductionVariants"
        ],
    )
    sagemaker.update_endpoint(
        EndpointName="zero-new", EndpointConfigName="zero-new-2", RetainAllVariantProperties=True
    )
    described = settled(platform, "zero-new")
    assert described["EndpointConfigName"] == "zero-new-2"
    assert described["ProductionVariants"][0]["DesiredInstanceCount"] == 0
    answer = predict(patient(platform), "zero-new", ROWS[:1])
    assert answer == MODEL.predict(ROWS[:1]).tolist()
