"""The registry of models: groups, versions, approval, and models made of packages."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.state.events import EventOutbox
from tests.support.api_client import ApiServer

ROLE = "arn:aws:iam::000000000000:role/Serving"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
BASE = "arn:aws:sagemaker:us-east-1:000000000000"


def specification(url: str = "s3://b/model.tar.gz", **members: Any) -> dict[str, Any]:
    container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": {"A": "1", "B": "2"}}
    return {
        "Containers": [{**container, **members}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def register(sagemaker: Any, group: str = "churn", **members: Any) -> str:
    """A version of a group that is made if it must be."""
    names = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if group not in [one["ModelPackageGroupName"] for one in names]:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    asked = {"InferenceSpecification": specification(), **members}
    made = sagemaker.create_model_package(ModelPackageGroupName=group, **asked)
    return str(made["ModelPackageArn"])


def test_versions_of_a_group_count_up_and_are_never_given_out_twice(sagemaker: Any) -> None:
    first, second = register(sagemaker), register(sagemaker)
    sagemaker.delete_model_package(ModelPackageName=second)
    third = register(sagemaker)
    assert [first, second, third] == [f"{BASE}:model-package/churn/{n}" for n in (1, 2, 3)]


def test_a_version_keeps_what_was_said_of_it_and_waits_for_approval(sagemaker: Any) -> None:
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "json", "S3Uri": "s3://b/e.json"}}}
    arn = register(
        sagemaker,
        ModelPackageDescription="The first.",
        ModelMetrics=metrics,
        CustomerMetadataProperties={"commit": "abc"},
    )
    shown = sagemaker.describe_model_package(ModelPackageName=arn)
    again = sagemaker.describe_model_package(ModelPackageName=shown["ModelPackageName"])
    assert again["ModelPackageArn"] == arn
    assert shown["ModelPackageVersion"] == 1
    assert shown["ModelPackageStatus"] == "Completed"
    assert shown["ModelApprovalStatus"] == "PendingManualApproval"
    assert shown["ModelMetrics"] == metrics
    assert shown["CustomerMetadataProperties"] == {"commit": "abc"}
    assert shown["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == "s3://b/model.tar.gz"
    assert shown["CreatedBy"]["IamIdentity"]["Arn"].endswith(":root")


def test_an_update_approves_and_changes_the_metadata(sagemaker: Any, clock: ManualClock) -> None:
    arn = register(sagemaker, CustomerMetadataProperties={"a": "1", "b": "2"})
    clock.advance(60)
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="good on the holdout",
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
        AdditionalInferenceSpecificationsToAdd=[{"Name": "small", **specification("s3://b/s")}],
    )
    shown = sagemaker.describe_model_package(ModelPackageName=arn)
    assert shown["ModelApprovalStatus"] == "Approved"
    assert shown["ApprovalDescription"] == "good on the holdout"
    assert shown["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert shown["AdditionalInferenceSpecifications"][0]["Name"] == "small"
    assert (shown["LastModifiedTime"] - shown["CreationTime"]).total_seconds() == 60


def test_registration_and_approval_are_told_to_the_outbox(
    sagemaker: Any, server: ApiServer
) -> None:
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    arn = register(sagemaker)
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"x": "y"})
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    events = outbox.after(before)
    assert [event.detail_type for event in events] == ["SageMaker Model Package State Change"] * 2
    assert [event.detail["ModelApprovalStatus"] for event in events] == [
        "PendingManualApproval",
        "Approved",
    ]
    assert events[1].detail["ModelPackageGroupName"] == "churn"
    assert events[1].detail["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert events[1].detail["CreationTime"].endswith("Z")
    assert events[1].resources == [arn]


def test_a_model_of_an_approved_version_has_its_containers(sagemaker: Any) -> None:
    arn = register(sagemaker, ModelApprovalStatus="Approved")
    container = {"ModelPackageName": arn, "Environment": {"B": "3"}}
    sagemaker.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    shown = sagemaker.describe_model(ModelName="m")["PrimaryContainer"]
    assert shown["Image"] == IMAGE
    assert shown["ModelDataUrl"] == "s3://b/model.tar.gz"
    assert shown["Environment"] == {"A": "1", "B": "3"}
    assert shown["ModelPackageName"] == arn


@pytest.mark.parametrize("approval", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_becomes_no_model(
    sagemaker: Any, refused: Callable[..., str], approval: str
) -> None:
    arn = register(sagemaker, ModelApprovalStatus=approval)
    message = refused(
        sagemaker.create_model,
        ModelName="m",
        Containers=[{"ModelPackageName": arn}],
        ExecutionRoleArn=ROLE,
    )
    assert approval in message


def test_a_package_without_versions_needs_no_approval(sagemaker: Any) -> None:
    sagemaker.create_model_package(
        ModelPackageName="lonely",
        InferenceSpecification=specification(),
        ModelApprovalStatus="PendingManualApproval",  # as the SDK's register says
        Tags=[{"Key": "team", "Value": "ml"}],
    )
    shown = sagemaker.describe_model_package(ModelPackageName="lonely")
    assert "ModelApprovalStatus" not in shown
    tags = sagemaker.list_tags(ResourceArn=shown["ModelPackageArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "ml"}]
    sagemaker.create_model(
        ModelName="m", PrimaryContainer={"ModelPackageName": "lonely"}, ExecutionRoleArn=ROLE
    )
    assert sagemaker.describe_model(ModelName="m")["PrimaryContainer"]["Image"] == IMAGE


def test_a_named_specification_of_the_package_can_be_taken(sagemaker: Any) -> None:
    small = {"Name": "small", **specification("s3://b/small.tar.gz")}
    arn = register(
        sagemaker, ModelApprovalStatus="Approved", AdditionalInferenceSpecifications=[small]
    )
    container = {"ModelPackageName": arn, "InferenceSpecificationName": "small"}
    sagemaker.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    shown = sagemaker.describe_model(ModelName="m")["PrimaryContainer"]
    assert shown["ModelDataUrl"] == "s3://b/small.tar.gz"


def test_versions_are_listed_by_group_approval_and_pages(
    sagemaker: Any, clock: ManualClock
) -> None:
    for number in range(5):
        clock.advance(1)
        register(sagemaker, ModelApprovalStatus="Approved" if number % 2 else "Rejected")
    register(sagemaker, "other")
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="churn", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    found = [one for page in pages for one in page["ModelPackageSummaryList"]]
    assert [one["ModelPackageVersion"] for one in found] == [1, 2, 3, 4, 5]
    newest = sagemaker.list_model_packages(
        ModelPackageGroupName="churn", ModelApprovalStatus="Approved", MaxResults=1
    )
    assert newest["ModelPackageSummaryList"][0]["ModelPackageVersion"] == 4


def test_several_packages_are_described_at_once(sagemaker: Any) -> None:
    arn, missing = register(sagemaker), f"{BASE}:model-package/churn/9"
    told = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, missing])
    assert told["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert "does not exist" in told["BatchDescribeModelPackageErrorMap"][missing]["ErrorResponse"]


def test_the_same_token_once_more_makes_no_second_version(sagemaker: Any) -> None:
    token = "a" * 36
    assert register(sagemaker, ClientToken=token) == register(sagemaker, ClientToken=token)


def test_a_group_with_versions_is_not_deleted(sagemaker: Any, refused: Callable[..., str]) -> None:
    arn = register(sagemaker)
    message = refused(sagemaker.delete_model_package_group, ModelPackageGroupName="churn")
    assert "still has model packages" in message
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_group_keeps_its_policy(sagemaker: Any, refused: Callable[..., str]) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    named = {"ModelPackageGroupName": "churn"}
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'
    assert "resource policy" in refused(sagemaker.get_model_package_group_policy, **named)
    assert "JSON policy" in refused(
        sagemaker.put_model_package_group_policy, **named, ResourcePolicy="{}"
    )
    sagemaker.put_model_package_group_policy(**named, ResourcePolicy=policy)
    assert sagemaker.get_model_package_group_policy(**named)["ResourcePolicy"] == policy
    sagemaker.delete_model_package_group_policy(**named)
    assert "resource policy" in refused(sagemaker.get_model_package_group_policy, **named)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "Give ModelPackageGroupName"),
        ({"ModelPackageGroupName": "none"}, "model-package-group/none does not exist"),
        (
            {"ModelPackageGroupName": "none", "Tags": [{"Key": "a", "Value": "b"}]},
            "a version has those of its model package group",
        ),
        ({"ModelPackageName": "p", "InferenceSpecification": None}, "InferenceSpecification"),
        (
            {
                "ModelPackageName": "p",
                "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://b/m"}]},
            },
            "needs an Image",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused(
    sagemaker: Any, refused: Callable[..., str], members: dict[str, Any], message: str
) -> None:
    asked = {"InferenceSpecification": specification(), **members}
    asked = {name: value for name, value in asked.items() if value is not None}
    assert message in refused(sagemaker.create_model_package, **asked)
