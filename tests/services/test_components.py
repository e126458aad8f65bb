"""Inference components through boto3: intent written, statuses and refusals as SageMaker's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import endpoints as ep
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
MADE = datetime.fromtimestamp(1_700_000_000, UTC)
NEEDS = {"MinMemoryRequiredInMb": 1024, "NumberOfCpuCoresRequired": 0.5}
Refused = Callable[..., str]
Settle = Callable[..., None]


@pytest.fixture
def host(sagemaker: Any, settle: Settle) -> str:
    """An endpoint in service whose variants, a and b, have no models."""
    sagemaker.create_endpoint_config(
        EndpointConfigName="host",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/scientist",
        ProductionVariants=[
            {"VariantName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
            for name in ("a", "b")
        ],
    )
    sagemaker.create_endpoint(EndpointName="Host", EndpointConfigName="host")
    settle("Host")
    sagemaker.create_model(ModelName="m", PrimaryContainer={"Image": "i"})
    return "Host"


def create(sagemaker: Any, name: str = "Comp", **changes: Any) -> Any:
    asked = {
        "InferenceComponentName": name,
        "EndpointName": "Host",
        "VariantName": "a",
        "Specification": {"ModelName": "m", "ComputeResourceRequirements": NEEDS},
        "RuntimeConfig": {"CopyCount": 2},
        **changes,
    }
    given = {member: value for member, value in asked.items() if value is not None}
    return sagemaker.create_inference_component(**given)


@pytest.fixture
def component(sagemaker: Any, host: str, settle: Settle) -> str:
    """A component in service, with two copies of model m."""
    create(sagemaker)
    settle("Comp", kind="inference-component")
    return "Comp"


def describe(sagemaker: Any, name: str = "Comp") -> Any:
    return sagemaker.describe_inference_component(InferenceComponentName=name)


def document_of(server: ApiServer, name: str = "Comp") -> Any:
    record = server.records.get("inference-component", DEFAULT_ACCOUNT, DEFAULT_REGION, name)
    assert record is not None
    return record.document


def test_an_endpoint_without_models_shows_its_variants(sagemaker: Any, host: str) -> None:
    described = sagemaker.describe_endpoint(EndpointName=host)
    assert described["EndpointStatus"] == "InService"
    for variant in described["ProductionVariants"]:
        assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == 2
        assert "DeployedImages" not in variant


def test_creating_says_so_and_shows_what_was_asked_for(sagemaker: Any, host: str) -> None:
    created = create(sagemaker)
    described = describe(sagemaker)
    described.pop("ResponseMetadata")
    assert created["InferenceComponentArn"] == f"{ARN}inference-component/comp"
    assert described == {
        "InferenceComponentName": "Comp",
        "InferenceComponentArn": f"{ARN}inference-component/comp",
        "EndpointName": "Host",
        "EndpointArn": f"{ARN}endpoint/host",
        "VariantName": "a",
        "Specification": {"ModelName": "m", "ComputeResourceRequirements": NEEDS},
        "RuntimeConfig": {"DesiredCopyCount": 2, "CurrentCopyCount": 0},
        "CreationTime": MADE,
        "LastModifiedTime": MADE,
        "InferenceComponentStatus": "Creating",
    }


def test_a_container_of_its_own_is_shown_with_its_image(
    sagemaker: Any, server: ApiServer, host: str
) -> None:
    container = {"Image": "img", "ArtifactUrl": "s3://b/m.tar.gz", "Environment": {"A": "1"}}
    create(
        sagemaker,
        Specification={
            "Container": container,
            "ComputeResourceRequirements": NEEDS,
            "StartupParameters": {"ContainerStartupHealthCheckTimeoutInSeconds": 120},
        },
    )
    shown = describe(sagemaker)["Specification"]
    assert shown["Container"] == {
        "DeployedImage": {"SpecifiedImage": "img", "ResolvedImage": "img", "ResolutionTime": MADE},
        "ArtifactUrl": "s3://b/m.tar.gz",
        "Environment": {"A": "1"},
    }
    assert shown["StartupParameters"] == {"ContainerStartupHealthCheckTimeoutInSeconds": 120}
    pending = document_of(server)["pending"]
    (deployed,) = ep.containers_of(pending["models"]["Comp"])
    assert deployed["ModelDataUrl"] == "s3://b/m.tar.gz"
    assert ep.variant_config(pending, "a")["ContainerStartupHealthCheckTimeoutInSeconds"] == 120


def test_components_are_listed_by_endpoint_variant_name_and_status(
    sagemaker: Any, component: str
) -> None:
    create(sagemaker, "Other", VariantName="b")

    def names(**filters: Any) -> list[str]:
        found = sagemaker.list_inference_components(SortBy="Name", SortOrder="Ascending", **filters)
        return [one["InferenceComponentName"] for one in found["InferenceComponents"]]

    assert names() == names(EndpointNameEquals="Host") == ["Comp", "Other"]
    assert names(EndpointNameEquals="Elsewhere") == []
    assert names(VariantNameEquals="b") == names(NameContains="oth") == ["Other"]
    assert names(StatusEquals="InService") == ["Comp"]


def test_a_failure_shows_its_reason(sagemaker: Any, host: str, settle: Settle) -> None:
    create(sagemaker)
    settle("Comp", status="Failed", reason="no such key", kind="inference-component")
    described = describe(sagemaker)
    assert described["InferenceComponentStatus"] == "Failed"
    assert described["FailureReason"] == "no such key"


def test_the_number_of_copies_is_changed_in_place(
    sagemaker: Any, server: ApiServer, component: str
) -> None:
    before = document_of(server)["live"]["id"]
    sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="Comp", DesiredRuntimeConfig={"CopyCount": 5}
    )
    described = describe(sagemaker)
    assert described["InferenceComponentStatus"] == "Updating"
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 5, "CurrentCopyCount": 2}
    assert document_of(server)["live"]["id"] == before
    assert document_of(server)["pending"] is None


def test_the_first_copy_after_none_comes_up_as_a_new_deployment(
    sagemaker: Any, server: ApiServer, host: str, settle: Settle
) -> None:
    create(sagemaker, RuntimeConfig={"CopyCount": 0})
    settle("Comp", kind="inference-component")
    sagemaker.update_inference_component(
        InferenceComponentName="Comp", RuntimeConfig={"CopyCount": 1}
    )
    document = document_of(server)
    assert document["pending"]["variants"][0]["count"] == 1
    assert document["live"]["variants"][0]["count"] == 0
    assert document["pending"]["id"] != document["live"]["id"]


def test_an_update_keeps_what_it_does_not_name(
    sagemaker: Any, server: ApiServer, component: str, settle: Settle
) -> None:
    sagemaker.create_model(ModelName="next", PrimaryContainer={"Image": "j"})
    sagemaker.update_inference_component(
        InferenceComponentName="Comp", Specification={"ModelName": "next"}
    )
    assert describe(sagemaker)["Specification"]["ModelName"] == "m"
    settle("Comp", kind="inference-component")
    shown = describe(sagemaker)
    assert shown["Specification"] == {"ModelName": "next", "ComputeResourceRequirements": NEEDS}
    assert shown["RuntimeConfig"]["DesiredCopyCount"] == 2


def test_other_requirements_alone_need_no_model_any_more(
    sagemaker: Any, server: ApiServer, component: str
) -> None:
    sagemaker.delete_model(ModelName="m")
    more = {"MinMemoryRequiredInMb": 2048}
    sagemaker.update_inference_component(
        InferenceComponentName="Comp", Specification={"ComputeResourceRequirements": more}
    )
    pending = document_of(server)["pending"]
    assert pending["config"]["Specification"]["ComputeResourceRequirements"] == more
    assert list(pending["models"]) == ["m"]


def test_a_container_replaces_the_model(
    sagemaker: Any, server: ApiServer, component: str, settle: Settle
) -> None:
    sagemaker.update_inference_component(
        InferenceComponentName="Comp", Specification={"Container": {"Image": "j"}}
    )
    settle("Comp", kind="inference-component")
    assert "ModelName" not in describe(sagemaker)["Specification"]
    assert list(document_of(server)["live"]["models"]) == ["Comp"]


def test_deleting_says_so_and_takes_the_tags_along(
    sagemaker: Any, component: str, refused: Refused
) -> None:
    arn = f"{ARN}inference-component/comp"
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    sagemaker.delete_inference_component(InferenceComponentName="Comp")
    assert describe(sagemaker)["InferenceComponentStatus"] == "Deleting"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []
    message = refused(sagemaker.delete_inference_component, InferenceComponentName="Comp")
    assert message == f'Cannot update in-progress inference component "{arn}".'


def test_an_endpoint_keeps_its_components_home(
    sagemaker: Any, component: str, refused: Refused
) -> None:
    message = refused(sagemaker.delete_endpoint, EndpointName="Host")
    assert message == (
        f'Endpoint "{ARN}endpoint/host" has inference components that would lose their variant: '
        "Comp. Delete them first."
    )
    variants = [{"VariantName": "b", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]
    sagemaker.create_endpoint_config(EndpointConfigName="only-b", ProductionVariants=variants)
    assert message == refused(
        sagemaker.update_endpoint, EndpointName="Host", EndpointConfigName="only-b"
    )
    sagemaker.update_endpoint(EndpointName="Host", EndpointConfigName="host")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"EndpointName": "Nobody"}, "Could not find endpoint"),
        ({"VariantName": "c"}, "VariantName must be one of a, b."),
        ({"VariantName": None}, "VariantName must be one of a, b."),
        ({"Specification": None}, "needs a Specification"),
        ({"Specification": {"ModelName": "m"}}, "needs ComputeResourceRequirements"),
        ({"Specification": {"ComputeResourceRequirements": NEEDS}}, "one of ModelName and"),
        (
            {"Specification": {"ModelName": "no", "ComputeResourceRequirements": NEEDS}},
            "Could not find model",
        ),
        (
            {"Specification": {"BaseInferenceComponentName": "base"}},
            "Specification.BaseInferenceComponentName: this version does not support adapter",
        ),
    ],
)
def test_what_cannot_be_a_component_is_refused(
    sagemaker: Any, host: str, refused: Refused, changes: Any, told: str
) -> None:
    assert told in refused(lambda **asked: create(sagemaker, **asked), **changes)


def test_an_endpoint_with_models_of_its_own_takes_no_components(
    sagemaker: Any, endpoint: str, refused: Refused
) -> None:
    message = refused(lambda **asked: create(sagemaker, **asked), EndpointName=endpoint)
    assert "serves models of its own" in message


def test_a_name_that_is_taken_in_any_case_is_refused(
    sagemaker: Any, component: str, refused: Refused
) -> None:
    message = refused(lambda: create(sagemaker, "COMP"))
    arn = f"{ARN}inference-component/comp"
    assert message == f'Cannot create already existing inference component "{arn}".'


def test_a_missing_component_is_named_by_its_arn(sagemaker: Any, refused: Refused) -> None:
    message = refused(sagemaker.describe_inference_component, InferenceComponentName="No")
    assert message == f'Could not find inference component "{ARN}inference-component/no".'


def test_more_copies_than_a_variant_may_have_are_refused(
    sagemaker: Any, component: str, refused: Refused
) -> None:
    refused(
        sagemaker.update_inference_component_runtime_config,
        "ResourceLimitExceeded",
        InferenceComponentName="Comp",
        DesiredRuntimeConfig={"CopyCount": 257},
    )


def rolling(kind: str, value: int) -> dict[str, Any]:
    size = {"Type": kind, "Value": value}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}}


def test_a_specification_may_be_rolled_out_in_batches_of_copies(
    sagemaker: Any, server: ApiServer, component: str, settle: Settle
) -> None:
    sagemaker.create_model(ModelName="next", PrimaryContainer={"Image": "j"})
    config = rolling("COPY_COUNT", 1)
    sagemaker.update_inference_component(
        InferenceComponentName="Comp",
        Specification={"ModelName": "next"},
        DeploymentConfig=config,
    )
    rollout = document_of(server)["rollout"]
    assert (rollout["rolling"], [step["share"] for step in rollout["steps"]]) == (True, [0.5, 1.0])
    assert describe(sagemaker)["LastDeploymentConfig"] == config
    settle("Comp", kind="inference-component")
    assert describe(sagemaker)["Specification"]["ModelName"] == "next"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"DeploymentConfig": rolling("COPY_COUNT", 2)}, "MaximumBatchSize: 2 is not within 5"),
        ({"DeploymentConfig": rolling("CAPACITY_PERCENT", 51)}, "MaximumBatchSize: 51"),
        (
            {"DeploymentConfig": rolling("COPY_COUNT", 1), "Specification": None},
            "needs a Specification",
        ),
    ],
)
def test_batches_that_break_a_rule_are_refused(
    sagemaker: Any, component: str, refused: Refused, asked: dict[str, Any], named: str
) -> None:
    more = {"ComputeResourceRequirements": {"MinMemoryRequiredInMb": 2048}}
    given = {"Specification": more, **asked}
    message = refused(
        sagemaker.update_inference_component,
        InferenceComponentName="Comp",
        **{name: value for name, value in given.items() if value},
    )
    assert named in message
