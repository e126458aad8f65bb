"""Endpoint configurations through boto3."""

from collections.abc import Callable
from typing import Any

import pytest

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/"
ROLE = "arn:aws:iam::000000000000:role/scientist"
VARIANT = {
    "VariantName": "v",
    "ModelName": "m",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def model(sagemaker: Any) -> None:
    sagemaker.create_model(ModelName="m", PrimaryContainer={"Image": "i"})


def create(sagemaker: Any, name: str = "c", **changes: Any) -> Any:
    variants = [{**VARIANT, **changes.pop("variant", {})}]
    return sagemaker.create_endpoint_config(
        **{"EndpointConfigName": name, "ProductionVariants": variants, **changes}
    )


def test_a_config_is_described_as_it_was_created(sagemaker: Any) -> None:
    stored = {
        "InitialVariantWeight": 0.5,
        "VolumeSizeInGB": 10,
        "ModelDataDownloadTimeoutInSeconds": 600,
        "ContainerStartupHealthCheckTimeoutInSeconds": 120,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    created = create(sagemaker, "Conf", variant=stored, KmsKeyId="key")
    assert created["EndpointConfigArn"] == ARN + "conf"
    described = sagemaker.describe_endpoint_config(EndpointConfigName="Conf")
    assert described["ProductionVariants"] == [{**VARIANT, **stored}]
    assert described["KmsKeyId"] == "key"
    assert described["EndpointConfigArn"] == ARN + "conf"


def test_a_variant_weighs_one_unless_told(sagemaker: Any) -> None:
    create(sagemaker)
    described = sagemaker.describe_endpoint_config(EndpointConfigName="c")
    assert described["ProductionVariants"][0]["InitialVariantWeight"] == 1.0


def test_capture_that_is_switched_off_is_kept(sagemaker: Any) -> None:
    capture = {
        "EnableCapture": False,
        "InitialSamplingPercentage": 10,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    create(sagemaker, DataCaptureConfig=capture)
    described = sagemaker.describe_endpoint_config(EndpointConfigName="c")
    assert described["DataCaptureConfig"] == capture


@pytest.mark.parametrize("again", ["Conf", "CONF"])
def test_a_name_that_is_taken_is_refused(sagemaker: Any, refused: Refused, again: str) -> None:
    create(sagemaker, "Conf")
    message = refused(
        sagemaker.create_endpoint_config, EndpointConfigName=again, ProductionVariants=[VARIANT]
    )
    assert message == f'Cannot create already existing endpoint configuration "{ARN}conf".'


def test_a_missing_config_is_named_by_its_arn(sagemaker: Any, refused: Refused) -> None:
    for call in (sagemaker.describe_endpoint_config, sagemaker.delete_endpoint_config):
        message = refused(call, EndpointConfigName="Nope")
        assert message == f'Could not find endpoint configuration "{ARN}nope".'


def test_a_missing_model_is_named_and_no_config_kept(sagemaker: Any, refused: Refused) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[VARIANT, {**VARIANT, "VariantName": "w", "ModelName": "Gone"}],
    )
    model = "arn:aws:sagemaker:us-east-1:000000000000:model/gone"
    assert message == f'Could not find model "{model}".'
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


def test_a_deleted_config_is_gone(sagemaker: Any, refused: Refused) -> None:
    create(sagemaker)
    sagemaker.delete_endpoint_config(EndpointConfigName="c")
    refused(sagemaker.describe_endpoint_config, EndpointConfigName="c")


def test_a_model_in_a_config_can_be_deleted(sagemaker: Any) -> None:
    create(sagemaker)
    sagemaker.delete_model(ModelName="m")
    assert sagemaker.describe_endpoint_config(EndpointConfigName="c")["ProductionVariants"]


def test_two_variants_of_one_name_are_refused(sagemaker: Any, refused: Refused) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[VARIANT, VARIANT],
    )
    assert '"v" is given twice' in message


def test_more_instances_than_the_limit_are_refused(sagemaker: Any, refused: Refused) -> None:
    many = {**VARIANT, "InitialInstanceCount": 257}
    message = refused(
        sagemaker.create_endpoint_config,
        "ResourceLimitExceeded",
        EndpointConfigName="c",
        ProductionVariants=[many],
    )
    assert "256 Instances" in message


def test_variants_for_inference_components_have_no_models_and_may_scale(sagemaker: Any) -> None:
    scaling = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3}
    host = {"VariantName": "v", "InstanceType": "ml.m5.large", "ManagedInstanceScaling": scaling}
    sagemaker.create_endpoint_config(
        EndpointConfigName="c", ExecutionRoleArn=ROLE, ProductionVariants=[host]
    )
    described = sagemaker.describe_endpoint_config(EndpointConfigName="c")
    assert described["ProductionVariants"][0]["ManagedInstanceScaling"] == scaling
    assert "ModelName" not in described["ProductionVariants"][0]
    assert described["ExecutionRoleArn"] == ROLE


def test_a_variant_without_a_model_beside_one_with_is_refused(
    sagemaker: Any, refused: Refused
) -> None:
    host = {"VariantName": "w", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[VARIANT, host],
    )
    assert message.startswith("Give every production variant a ModelName, or none of them")


SERVERLESS = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}


@pytest.mark.parametrize(
    ("variant", "named"),
    [
        ({"ServerlessConfig": SERVERLESS}, "ProductionVariants[0].ServerlessConfig: "),
        ({"InstanceType": None}, "ProductionVariants[0] needs an InstanceType"),
        ({"ManagedInstanceScaling": {"Status": "ENABLED"}}, ".ManagedInstanceScaling: "),
        ({"CoreDumpConfig": {"DestinationS3Uri": "s3://b/x"}}, ".CoreDumpConfig: "),
        ({"RoutingConfig": {"RoutingStrategy": "KV_AWARE"}}, ".RoutingStrategy: "),
        (
            {"CapacityReservationConfig": {"CapacityReservationPreference":
                                           "capacity-reservations-only"}},
            ".CapacityReservationConfig: ",
        ),
    ],
)  # fmt: skip
def test_a_variant_that_cannot_run_is_refused_by_member(
    sagemaker: Any, refused: Refused, variant: dict[str, Any], named: str
) -> None:
    changed = {name: value for name, value in {**VARIANT, **variant}.items() if value is not None}
    message = refused(
        sagemaker.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[changed]
    )
    assert named in message


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"AsyncInferenceConfig": {"OutputConfig": {}}}, ".S3OutputPath: "),
        ({"MetricsConfig": {"EnableEnhancedMetrics": True}}, "EnableEnhancedMetrics: "),
    ],
)
def test_a_config_that_cannot_run_is_refused_by_member(
    sagemaker: Any, refused: Refused, asked: dict[str, Any], named: str
) -> None:
    message = refused(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[VARIANT],
        **asked,
    )
    assert named in message
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
