"""Seed 003: several instances behind one endpoint, unhealthy ones replaced, one variant or another
invoked directly, and all traffic given to the better one."""

import os
import signal

from argosy.testing import Platform
from support.endpoints import (
    ROWS,
    classifier,
    create_config,
    create_model,
    deploy,
    in_service,
    load,
    model_archive,
    predict,
    settled,
    until,
)

FIRST = classifier(1.0)
SECOND = classifier(0.001)


def test_several_instances_lie_in_different_zones(platform: Platform) -> None:
    deploy(platform, "spread", model_archive(FIRST), instances=3)

    zones = {instance["zone"] for instance in in_service(platform, "spread")}

    assert len(zones) == 3


def test_an_unhealthy_single_instance_is_replaced(platform: Platform) -> None:
    deploy(platform, "alone", model_archive(FIRST))
    victim = in_service(platform, "alone")[0]

    os.kill(victim["worker_pid"], signal.SIGKILL)
    until(lambda: [i for i in in_service(platform, "alone") if i["id"] != victim["id"]])

    runtime = platform.client("sagemaker-runtime")
    assert predict(runtime, "alone", ROWS) == FIRST.predict(ROWS).tolist()


def test_variants_are_compared_directly_and_the_better_one_gets_all_traffic(
    platform: Platform,
) -> None:
    create_model(platform, "first", model_archive(FIRST))
    create_model(platform, "second", model_archive(SECOND))
    create_config(platform, "even", Variant1=("first", 1, 0.5), Variant2=("second", 1, 0.5))
    sagemaker, runtime = platform.client("sagemaker"), platform.client("sagemaker-runtime")
    sagemaker.create_endpoint(EndpointName="even", EndpointConfigName="even")
    settled(platform, "even")

    direct = {
        name: predict(runtime, "even", ROWS, TargetVariant=name)
        for name in ("Variant1", "Variant2")
    }
    with load(platform, "even", FIRST, SECOND, clients=2) as calls:
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="even",
            DesiredWeightsAndCapacities=[
                {"VariantName": "Variant1", "DesiredWeight": 0},
                {"VariantName": "Variant2", "DesiredWeight": 1},
            ],
        )
        settled(platform, "even")
    rerouted = [predict(runtime, "even", ROWS) for _ in range(50)]

    assert direct["Variant1"] == FIRST.predict(ROWS).tolist()
    assert direct["Variant2"] == SECOND.predict(ROWS).tolist()
    assert calls.failures == []
    assert rerouted == [SECOND.predict(ROWS).tolist()] * 50
