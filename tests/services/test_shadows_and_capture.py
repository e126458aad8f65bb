"""Shadow variants and data capture through boto3: what is kept, shown, retained and refused."""

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., str]
Refused = Callable[..., str]
Settle = Callable[..., None]

CAPTURE = {
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": "s3://bucket/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}


def variant(name: str, **more: Any) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": "m", "InstanceType": "ml.m5.large", **more}


@pytest.fixture(autouse=True)
def model(sagemaker: Any) -> None:
    image = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}
    sagemaker.create_model(ModelName="m", PrimaryContainer=image)


@pytest.fixture
def create(sagemaker: Any) -> Callable[..., None]:
    """A config with production variant "live"."""

    def make(name: str = "c", *, weight: float = 1.0, **more: Any) -> None:
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[variant("live", InitialVariantWeight=weight)],
            **more,
        )

    return make


@pytest.fixture
def deployed(sagemaker: Any, create: Callable[..., None], settle: Settle) -> str:
    """An endpoint in service, with a shadow of half the weight, and capture."""
    dark = variant("dark", InitialVariantWeight=0.5, InitialInstanceCount=2)
    create(ShadowProductionVariants=[dark], DataCaptureConfig=CAPTURE)
    sagemaker.create_endpoint(EndpointName="Ep", EndpointConfigName="c")
    settle("Ep")
    return "Ep"


def test_a_shadow_variant_is_shown_beside_the_production_variant(
    sagemaker: Any, deployed: str
) -> None:
    described = sagemaker.describe_endpoint(EndpointName=deployed)
    (live,), (dark,) = described["ProductionVariants"], described["ShadowProductionVariants"]
    assert (live["VariantName"], live["CurrentInstanceCount"]) == ("live", 1)
    assert (dark["VariantName"], dark["CurrentInstanceCount"]) == ("dark", 2)
    assert dark["CurrentWeight"] == 0.5
    config = sagemaker.describe_endpoint_config(EndpointConfigName="c")
    assert config["ShadowProductionVariants"][0]["InitialInstanceCount"] == 2
    assert config["DataCaptureConfig"] == CAPTURE


def test_a_shadow_variant_that_is_coming_is_shown_as_pending(
    sagemaker: Any, endpoint: str, create: Callable[..., None]
) -> None:
    create(ShadowProductionVariants=[variant("dark")])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="c")
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert "ShadowProductionVariants" not in described
    pending = described["PendingDeploymentSummary"]
    assert [v["VariantName"] for v in pending["ProductionVariants"]] == ["live"]
    (dark,) = pending["ShadowProductionVariants"]
    assert (dark["VariantName"], dark["InstanceType"]) == ("dark", "ml.m5.large")


def test_weight_and_count_of_a_shadow_variant_can_be_changed(
    sagemaker: Any, deployed: str, settle: Settle
) -> None:
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=deployed,
        DesiredWeightsAndCapacities=[
            {"VariantName": "dark", "DesiredWeight": 0.1, "DesiredInstanceCount": 3}
        ],
    )
    settle(deployed)
    (dark,) = sagemaker.describe_endpoint(EndpointName=deployed)["ShadowProductionVariants"]
    assert dark["CurrentInstanceCount"] == 3
    assert dark["CurrentWeight"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("production", "shadows", "named"),
    [
        (["a", "b"], ["s"], "exactly one production variant and one shadow variant"),
        (["a"], ["s", "t"], "exactly one production variant and one shadow variant"),
        (["a"], ["a"], "unique across"),
    ],
)
def test_a_shadow_needs_one_production_variant_and_a_name_of_its_own(
    sagemaker: Any, refused: Refused, production: list[str], shadows: list[str], named: str
) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=list(map(variant, production)),
        ShadowProductionVariants=list(map(variant, shadows)),
    )
    assert named in message


ASYNC = {"OutputConfig": {"S3OutputPath": "s3://b/out"}}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"ShadowProductionVariants": [{"VariantName": "s", "InstanceType": "ml.m5.large"}]},
         "inference components have no shadow"),
        ({"ShadowProductionVariants": [{"VariantName": "s", "ModelName": "m"}]},
         "ShadowProductionVariants[0] needs an InstanceType"),
        ({"ShadowProductionVariants": [variant("s", CoreDumpConfig={"DestinationS3Uri":
                                                                      "s3://b/x"})]},
         "ShadowProductionVariants[0].CoreDumpConfig: "),
        ({"ShadowProductionVariants": [variant("s", ModelName="nobody")]},
         "Could not find model"),
        ({"ShadowProductionVariants": [variant("s")], "AsyncInferenceConfig": ASYNC},
         "asynchronous endpoints have no shadow variants"),
        ({"DataCaptureConfig": CAPTURE, "AsyncInferenceConfig": ASYNC},
         "data capture on asynchronous endpoints"),
        ({"DataCaptureConfig": {**CAPTURE, "DestinationS3Uri": "https://b/c"}},
         "should be s3://bucket/prefix"),
    ],
)  # fmt: skip
def test_what_cannot_be_shadowed_or_captured_is_refused(
    sagemaker: Any, refused: Refused, asked: dict[str, Any], named: str
) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[variant("live")],
        **asked,
    )
    assert named in message
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


def captured(sagemaker: Any, endpoint: str) -> dict[str, Any] | None:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    found: dict[str, Any] | None = described.get("DataCaptureConfig")
    return found


def test_capture_is_described_as_it_runs(sagemaker: Any, deployed: str) -> None:
    assert captured(sagemaker, deployed) == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 10,
        "DestinationS3Uri": "s3://bucket/captured",
        "KmsKeyId": "",
    }


@pytest.mark.parametrize(
    ("options", "percentage"),
    [
        ({}, 55),
        ({"RetainAllVariantProperties": True}, 10),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
            },
            55,
        ),
    ],
)
def test_an_update_keeps_the_running_capture_as_asked(
    sagemaker: Any,
    deployed: str,
    create: Callable[..., None],
    settle: Settle,
    options: dict[str, Any],
    percentage: int,
) -> None:
    create("d", DataCaptureConfig={**CAPTURE, "InitialSamplingPercentage": 55})
    sagemaker.update_endpoint(EndpointName=deployed, EndpointConfigName="d", **options)
    settle(deployed)
    found = captured(sagemaker, deployed)
    assert found is not None
    assert found["CurrentSamplingPercentage"] == percentage


def test_capture_that_is_switched_off_is_stopped(
    sagemaker: Any, deployed: str, create: Callable[..., None], settle: Settle
) -> None:
    create("off", DataCaptureConfig={**CAPTURE, "EnableCapture": False})
    sagemaker.update_endpoint(EndpointName=deployed, EndpointConfigName="off")
    settle(deployed)
    found = captured(sagemaker, deployed)
    assert found is not None
    assert (found["EnableCapture"], found["CaptureStatus"]) == (False, "Stopped")
