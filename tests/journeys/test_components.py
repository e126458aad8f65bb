"""Inference components on a real platform: several models with copies of their own."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import (
    IMAGE,
    ROWS,
    classifier,
    create_model,
    fleet,
    in_service,
    load,
    model_archive,
    predict,
    put_archive,
    settled,
    until,
)

from argosy.testing import Platform

MODEL, OTHER = classifier(), classifier(0.001)
EXPECTED, OTHERS = MODEL.predict(ROWS).tolist(), OTHER.predict(ROWS).tolist()
NEEDS = {"MinMemoryRequiredInMb": 128}


class Host:
    """An endpoint for components, and what a test does with them."""

    def __init__(self, platform: Platform, name: str) -> None:
        self.platform, self.name = platform, name
        self.sagemaker = platform.client("sagemaker")
        self.runtime = platform.client("sagemaker-runtime")
        variant = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.large"}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
        )
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert settled(platform, name)["EndpointStatus"] == "InService"

    def create(self, name: str, copies: int = 1, **specification: Any) -> None:
        self.sagemaker.create_inference_component(
            InferenceComponentName=name,
            EndpointName=self.name,
            VariantName="AllTraffic",
            Specification={"ComputeResourceRequirements": NEEDS, **specification},
            RuntimeConfig={"CopyCount": copies},
        )

    def settled(self, name: str) -> dict[str, Any]:
        """DescribeInferenceComponent once it is in no transition any more."""

        def described() -> dict[str, Any] | None:
            found = self.sagemaker.describe_inference_component(InferenceComponentName=name)
            passing = found["InferenceComponentStatus"] in ("Creating", "Updating", "Deleting")
            return None if passing else found

        return dict(until(described, 120))

    def scale(self, name: str, copies: int) -> dict[str, Any]:
        self.sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=name, DesiredRuntimeConfig={"CopyCount": copies}
        )
        return self.settled(name)

    def predict(self, **options: Any) -> list[Any]:
        return predict(self.runtime, self.name, ROWS, **options)

    def names(self) -> list[str]:
        found = self.sagemaker.list_inference_components(EndpointNameEquals=self.name)
        return [one["InferenceComponentName"] for one in found["InferenceComponents"]]


def refusal(call: Callable[..., Any], **options: Any) -> str:
    """The message of the client's mistake that the call is refused for."""
    with pytest.raises(ClientError) as raised:
        call(**options)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(raised.value.response["Error"]["Message"])


def test_several_models_live_behind_one_endpoint_each_called_by_name(platform: Platform) -> None:
    create_model(platform, "parts-one", model_archive(MODEL))
    data = put_archive(platform, "parts-two", model_archive(OTHER))
    host = Host(platform, "parts")

    host.create("parts-one", copies=2, ModelName="parts-one")
    host.create("parts-two", Container={"Image": IMAGE, "ArtifactUrl": data})

    one, two = host.settled("parts-one"), host.settled("parts-two")
    assert one["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert one["InferenceComponentStatus"] == two["InferenceComponentStatus"] == "InService"
    assert len(in_service(platform, "parts")) == 3
    assert host.predict(InferenceComponentName="parts-one") == EXPECTED
    assert host.predict(InferenceComponentName="parts-two") == OTHERS
    assert "name one by InferenceComponentName" in refusal(host.predict)
    assert "parts-3 of endpoint parts" in refusal(host.predict, InferenceComponentName="parts-3")
    groups = platform.client("logs").describe_log_groups(
        logGroupNamePrefix="/aws/sagemaker/InferenceComponents/parts"
    )
    assert len(groups["logGroups"]) == 2

    assert "parts-one" in refusal(host.sagemaker.delete_endpoint, EndpointName="parts")
    for name in ("parts-one", "parts-two"):
        host.sagemaker.delete_inference_component(InferenceComponentName=name)
    until(lambda: host.names() == [])
    host.sagemaker.delete_endpoint(EndpointName="parts")
    until(lambda: fleet(platform, "parts") == [])


def test_copies_are_scaled_to_none_and_back_and_replaced_when_they_die(platform: Platform) -> None:
    create_model(platform, "copies", model_archive(MODEL))
    host = Host(platform, "copies")
    host.create("copies", ModelName="copies")
    host.settled("copies")

    (copy,) = in_service(platform, "copies")
    os.kill(copy["worker_pid"], signal.SIGKILL)
    until(lambda: [i["id"] for i in in_service(platform, "copies")] not in ([], [copy["id"]]))
    assert host.predict(InferenceComponentName="copies") == EXPECTED

    asleep = host.scale("copies", 0)
    assert asleep["RuntimeConfig"] == {"DesiredCopyCount": 0, "CurrentCopyCount": 0}
    assert "no copies" in refusal(host.predict, InferenceComponentName="copies")
    assert host.scale("copies", 1)["RuntimeConfig"]["CurrentCopyCount"] == 1
    assert host.predict(InferenceComponentName="copies") == EXPECTED


def test_a_model_is_replaced_without_a_failed_call_and_a_broken_one_never_answers(
    platform: Platform,
) -> None:
    create_model(platform, "swap-1", model_archive(MODEL))
    create_model(platform, "swap-2", model_archive(OTHER))
    create_model(platform, "swap-bad", model_archive(MODEL, inference="def model_fn(:"))
    host = Host(platform, "swap")
    host.create("swap", ModelName="swap-1")
    host.create("swap-bad", ModelName="swap-bad")

    failed = host.settled("swap-bad")
    host.settled("swap")
    with load(platform, "swap", MODEL, OTHER, component="swap") as calls:
        host.sagemaker.update_inference_component(
            InferenceComponentName="swap", Specification={"ModelName": "swap-2"}
        )
        host.settled("swap")
        calls.more(50)
    host.sagemaker.update_inference_component(
        InferenceComponentName="swap", Specification={"ModelName": "swap-bad"}
    )
    kept = host.settled("swap")

    assert failed["InferenceComponentStatus"] == "Failed"
    assert "SyntaxError" in failed["FailureReason"]
    assert calls.failures == []
    assert kept["InferenceComponentStatus"] == "InService"
    assert kept["Specification"]["ModelName"] == "swap-2"
    assert "SyntaxError" in kept["FailureReason"]
    assert host.predict(InferenceComponentName="swap") == OTHERS


def test_copies_are_rolled_over_in_batches_without_a_failed_call(platform: Platform) -> None:
    host = Host(platform, "rolls")
    create_model(platform, "rolls-1", model_archive(MODEL))
    create_model(platform, "rolls-2", model_archive(OTHER))
    host.create("rolls", copies=2, ModelName="rolls-1")
    assert host.settled("rolls")["InferenceComponentStatus"] == "InService"
    policy = {
        "MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 1,
    }

    with load(platform, "rolls", MODEL, OTHER, component="rolls") as calls:
        host.sagemaker.update_inference_component(
            InferenceComponentName="rolls",
            Specification={"ModelName": "rolls-2"},
            DeploymentConfig={"RollingUpdatePolicy": policy},
        )
        rolled = host.settled("rolls")
        calls.more(50)

    assert calls.failures == []
    assert rolled["InferenceComponentStatus"] == "InService"
    assert rolled["Specification"]["ModelName"] == "rolls-2"
    assert host.predict(InferenceComponentName="rolls") == OTHERS
