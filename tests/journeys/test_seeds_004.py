"""Seed 004: several instances behind one endpoint, unhealthy ones replaced, one variant or another
invoked directly, all traffic given to the better one, and a model added to an endpoint of many."""

import json
import os
import signal
from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import (
    IMAGE,
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

from argosy.testing import Platform

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


@pytest.mark.timeout(INSTALL_S + 360)
def test_a_model_added_to_a_multi_model_endpoint_is_called_as_soon_as_it_is_stored(
    aws_cli: Client, platform: Platform, tmp_path: Path
) -> None:
    sagemaker, s3 = platform.client("sagemaker"), platform.client("s3")
    s3.create_bucket(Bucket="my-bucket")
    sagemaker.create_model(
        ModelName="artifacts",
        PrimaryContainer={
            "Image": IMAGE,
            "Mode": "MultiModel",
            "ModelDataUrl": "s3://my-bucket/path/to/artifacts/",
        },
    )
    create_config(platform, "artifacts", AllTraffic=("artifacts", 1, 1.0))
    sagemaker.create_endpoint(EndpointName="endpoint-name", EndpointConfigName="artifacts")
    settled(platform, "endpoint-name")
    (tmp_path / "AdditionalModel.tar.gz").write_bytes(model_archive(SECOND))
    body = "\n".join(",".join(map(str, row)) for row in ROWS)
    runtime_sm_client = platform.client("sagemaker-runtime")

    aws_cli.shell("seed_add_model.sh", folder=tmp_path)
    # —— as in the document, but for the endpoint's name, in which SageMaker allows no _
    response = runtime_sm_client.invoke_endpoint(
        EndpointName="endpoint-name",
        ContentType="text/csv",
        TargetModel="AdditionalModel.tar.gz",
        Body=body,
    )
    # ——

    assert json.loads(response["Body"].read()) == SECOND.predict(ROWS).tolist()
