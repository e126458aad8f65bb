"""Search: resources by what stands in them, in order, in pages."""

from collections.abc import Callable
from typing import Any

from argosy.ground.clock import ManualClock

ROLE = "arn:aws:iam::000000000000:role/Serving"
CONTAINER = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}


def groups(sagemaker: Any, **asked: Any) -> list[str]:
    found = sagemaker.search(Resource="ModelPackageGroup", **asked)["Results"]
    return [one["ModelPackageGroup"]["ModelPackageGroupName"] for one in found]


def equals(name: str, value: str, operator: str = "Equals") -> dict[str, str]:
    return {"Name": name, "Operator": operator, "Value": value}


def test_a_group_is_found_by_its_name_as_the_sdk_looks_for_it(sagemaker: Any) -> None:
    for name in ("one", "two"):
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    expression = {"Filters": [equals("ModelPackageGroupName", "two")]}
    assert groups(sagemaker, SearchExpression=expression) == ["two"]


def test_tags_and_subexpressions_choose(sagemaker: Any) -> None:
    for name, team in (("a", "ml"), ("b", "ml"), ("c", "ops")):
        tags = [{"Key": "team", "Value": team}]
        sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    either = {
        "Operator": "Or",
        "Filters": [equals("Tags.team", "ops")],
        "SubExpressions": [
            {"Filters": [equals("Tags.team", "ml"), equals("ModelPackageGroupName", "b")]}
        ],
    }
    assert sorted(groups(sagemaker, SearchExpression=either)) == ["b", "c"]


def test_results_come_in_order_and_in_pages(sagemaker: Any, clock: ManualClock) -> None:
    for name in ("x", "z", "y"):
        clock.advance(1)
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert groups(sagemaker) == ["y", "z", "x"]
    pages = sagemaker.get_paginator("search").paginate(
        Resource="ModelPackageGroup",
        SortBy="ModelPackageGroupName",
        SortOrder="Ascending",
        PaginationConfig={"PageSize": 2},
    )
    names = [
        one["ModelPackageGroup"]["ModelPackageGroupName"]
        for page in pages
        for one in page["Results"]
    ]
    assert names == ["x", "y", "z"]


def test_times_and_numbers_are_compared(sagemaker: Any, clock: ManualClock) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="old")
    clock.advance(3600)
    sagemaker.create_model_package_group(ModelPackageGroupName="new")
    later = equals("CreationTime", "2023-11-14T22:30:00Z", "GreaterThan")
    assert groups(sagemaker, SearchExpression={"Filters": [later]}) == ["new"]


def test_entries_of_lists_are_found_by_nested_filters(sagemaker: Any) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    for url in ("s3://b/1", "s3://b/2"):
        container = {"Image": "i", "ModelDataUrl": url}
        sagemaker.create_model_package(
            ModelPackageGroupName="g", InferenceSpecification={"Containers": [container]}
        )
    prefix = "InferenceSpecification.Containers"
    nested = {
        "NestedPropertyName": prefix,
        "Filters": [equals(f"{prefix}.Image", "i"), equals(f"{prefix}.ModelDataUrl", "s3://b/2")],
    }
    found = sagemaker.search(Resource="ModelPackage", SearchExpression={"NestedFilters": [nested]})[
        "Results"
    ]
    assert [one["ModelPackage"]["ModelPackageVersion"] for one in found] == [2]


def test_a_model_is_found_and_shown_with_its_tags(sagemaker: Any) -> None:
    for name in ("m-one", "m-two"):
        sagemaker.create_model(
            ModelName=name,
            PrimaryContainer=CONTAINER,
            ExecutionRoleArn=ROLE,
            Tags=[{"Key": "name", "Value": name}],
        )
    for path in ("ModelName", "Model.ModelName", "Tags.name"):
        expression = {"Filters": [equals(path, "two", "Contains")]}
        (found,) = sagemaker.search(Resource="Model", SearchExpression=expression)["Results"]
        model = found["Model"]["Model"]
        assert model["ModelName"] == "m-two"
        assert model["PrimaryContainer"]["Image"] == CONTAINER["Image"]
        assert model["Tags"] == [{"Key": "name", "Value": "m-two"}]


def test_what_changed_last_comes_first(sagemaker: Any, clock: ManualClock) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    specification = {"Containers": [CONTAINER]}
    arns = []
    for _ in range(3):
        clock.advance(1)
        made = sagemaker.create_model_package(
            ModelPackageGroupName="g", InferenceSpecification=specification
        )
        arns.append(made["ModelPackageArn"])
    clock.advance(1)
    sagemaker.update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Approved")
    found = sagemaker.search(Resource="ModelPackage")["Results"]
    assert [one["ModelPackage"]["ModelPackageVersion"] for one in found] == [1, 3, 2]


def test_what_cannot_be_searched_is_refused(sagemaker: Any, refused: Callable[..., str]) -> None:
    assert "cannot search for Experiment" in refused(sagemaker.search, Resource="Experiment")
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    bad = {"Filters": [equals("CreationTime", "tomorrow", "LessThan")]}
    message = refused(sagemaker.search, Resource="ModelPackageGroup", SearchExpression=bad)
    assert "neither a number nor a time" in message
