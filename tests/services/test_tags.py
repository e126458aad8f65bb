"""Tags of SageMaker's resources through boto3."""

from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., str]


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


@pytest.fixture
def arn(sagemaker: Any) -> str:
    created = sagemaker.create_model(
        ModelName="Model", PrimaryContainer={"Image": "i"}, Tags=tags(team="red", stage="dev")
    )
    return str(created["ModelArn"])


def listed(sagemaker: Any, arn: str) -> list[dict[str, str]]:
    return list(sagemaker.list_tags(ResourceArn=arn)["Tags"])


def test_tags_given_at_creation_are_listed(sagemaker: Any, arn: str) -> None:
    assert listed(sagemaker, arn) == tags(team="red", stage="dev")


def test_every_kind_of_resource_takes_tags_at_creation(sagemaker: Any, arn: str) -> None:
    variant = {"VariantName": "v", "ModelName": "Model", "InstanceType": "ml.m5.large"}
    config = sagemaker.create_endpoint_config(
        EndpointConfigName="C", ProductionVariants=[variant], Tags=tags(a="1")
    )
    endpoint = sagemaker.create_endpoint(EndpointName="E", EndpointConfigName="C", Tags=tags(b="2"))
    assert listed(sagemaker, config["EndpointConfigArn"]) == tags(a="1")
    assert listed(sagemaker, endpoint["EndpointArn"]) == tags(b="2")
    assert "Tags" not in sagemaker.describe_endpoint_config(EndpointConfigName="C")


def test_added_tags_replace_those_of_the_same_key(sagemaker: Any, arn: str) -> None:
    answer = sagemaker.add_tags(ResourceArn=arn, Tags=tags(team="blue", new=""))
    expected = tags(team="blue", stage="dev", new="")
    assert answer["Tags"] == expected
    assert listed(sagemaker, arn) == expected


def test_an_arn_is_found_whatever_its_case(sagemaker: Any, arn: str) -> None:
    spelled = arn.replace("/model", "/Model")
    sagemaker.add_tags(ResourceArn=spelled, Tags=tags(new="1"))
    assert listed(sagemaker, arn)[-1:] == tags(new="1")


def test_deleted_keys_are_gone_and_unknown_ones_do_no_harm(sagemaker: Any, arn: str) -> None:
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team", "unknown"])
    assert listed(sagemaker, arn) == tags(stage="dev")


def test_tags_go_with_their_resource(sagemaker: Any, arn: str, refused: Refused) -> None:
    sagemaker.delete_model(ModelName="Model")
    assert refused(sagemaker.list_tags, ResourceArn=arn) == f'Could not find model "{arn}".'
    sagemaker.create_model(ModelName="model", PrimaryContainer={"Image": "i"})
    assert listed(sagemaker, arn) == []


def test_fifty_tags_are_the_most(sagemaker: Any, arn: str, refused: Refused) -> None:
    sagemaker.add_tags(ResourceArn=arn, Tags=tags(**{f"k{n}": "v" for n in range(48)}))
    message = refused(sagemaker.add_tags, ResourceArn=arn, Tags=tags(one_more="v"))
    assert "51 tags" in message
    sagemaker.add_tags(ResourceArn=arn, Tags=tags(k0="replaced"))
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    assert len([tag for page in pages for tag in page["Tags"]]) == 50


@pytest.mark.parametrize("bad", [tags(a="1") * 2, tags(**{"aws:mine": "1"})])
def test_twin_and_reserved_keys_are_refused_everywhere(
    sagemaker: Any, arn: str, refused: Refused, bad: list[dict[str, str]]
) -> None:
    refused(sagemaker.add_tags, ResourceArn=arn, Tags=bad)
    container = {"Image": "i"}
    refused(sagemaker.create_model, ModelName="n", PrimaryContainer=container, Tags=bad)
    assert listed(sagemaker, arn) == tags(team="red", stage="dev")
    assert len(sagemaker.list_models()["Models"]) == 1


@pytest.mark.parametrize(
    "unknown",
    [
        "arn:aws:sagemaker:us-east-1:000000000000:model/none",
        "arn:aws:sagemaker:us-east-1:000000000000:endpoint/model",
        "arn:aws:sagemaker:eu-west-1:000000000000:model/model",
        "arn:aws:sagemaker:us-east-1:111111111111:model/model",
        "arn:aws:sagemaker:us-east-1:000000000000:feature-group/model",
        "arn:aws:sagemaker:us-east-1:000000000000:model",
        "arn:aws:sagemaker:us-east-1:000000000000:model/\u00e9",
    ],
)
def test_an_arn_of_nothing_is_refused(
    sagemaker: Any, arn: str, refused: Refused, unknown: str
) -> None:
    for call, asked in (
        (sagemaker.list_tags, {}),
        (sagemaker.add_tags, {"Tags": tags(a="1")}),
        (sagemaker.delete_tags, {"TagKeys": ["a"]}),
    ):
        assert refused(call, ResourceArn=unknown, **asked).startswith("Could not find ")


def test_a_token_is_refused_because_no_list_is_ever_cut(
    sagemaker: Any, arn: str, refused: Refused
) -> None:
    assert "NextToken" in refused(sagemaker.list_tags, ResourceArn=arn, NextToken="x")
