"""Real-time variants that rest at zero: the first request wakes them, and nobody is refused."""

import concurrent.futures
import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.testing import Platform
from support.endpoints import (
    ROWS,
    classifier,
    deploy,
    in_service,
    model_archive,
    predict,
    settled,
    until,
)

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


def test_who_waits_while_control_is_killed_is_answered_when_it_is_back() -> None:
    with Platform() as own:
        deploy(own, "zero-kill", model_archive(MODEL))
        rest(own, "zero-kill")
        os.kill(own.pids()["control"], signal.SIGKILL)
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as crowd:
            calls = [crowd.submit(predict, patient(own), "zero-kill", ROWS[:1]) for _ in range(4)]
            assert [call.result(90) for call in calls] == [MODEL.predict(ROWS[:1]).tolist()] * 4


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
