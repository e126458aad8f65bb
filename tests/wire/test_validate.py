"""Validation by botocore's model: what is told, in which words, and what is never shown."""

from typing import Any

import pytest

from argosy import wire
from argosy.ground.errors import (
    ApiError,
    InvalidParameterException,
    ServiceValidationError,
    ValidationException,
)

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/m"
ROLE = "arn:aws:iam::000000000000:role/service-role/Runner"


def refusal(service: str, operation: str, value: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        wire.validate(wire.load(service), operation, value)
    return caught.value


def variant(**members: Any) -> dict[str, Any]:
    return {"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "v", **members}]}


def test_a_good_input_passes() -> None:
    wire.validate(
        wire.load("sagemaker"),
        "CreateModel",
        {
            "ModelName": "a-1",
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {"Image": "i:1", "Environment": {"A": "b"}},
            "Tags": [{"Key": "Größe", "Value": "x y"}],
        },
    )


def test_a_missing_member_is_named() -> None:
    error = refusal("sagemaker", "CreateEndpoint", {"EndpointName": "e"})

    assert isinstance(error, ValidationException)
    assert error.message == (
        "1 validation error detected: Value null at 'endpointConfigName' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_everything_that_is_wrong_is_told_at_once() -> None:
    error = refusal(
        "sagemaker",
        "CreateEndpointConfig",
        variant(InitialInstanceCount=0)
        | {
            "EndpointConfigName": "-",
        },
    )

    assert error.message.startswith(
        "2 validation errors detected: Value '-' at 'endpointConfigName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]"
    )
    assert error.message.endswith(
        "; Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy "
        "constraint: Member must have value greater than or equal to 1"
    )


@pytest.mark.parametrize(("name", "good"), [("a" * 63, True), ("a" * 64, False), ("", False)])
def test_names_may_be_as_long_as_the_model_says(name: str, good: bool) -> None:
    value = {"EndpointName": name, "EndpointConfigName": "c"}

    if good:
        wire.validate(wire.load("sagemaker"), "CreateEndpoint", value)
    else:
        assert "'endpointName'" in refusal("sagemaker", "CreateEndpoint", value).message


def test_a_value_that_is_too_long_is_told_once_and_cut() -> None:
    message = refusal("sagemaker", "DescribeEndpoint", {"EndpointName": "a" * 100_000}).message

    assert message.startswith("1 validation error detected: Value 'aaaa")
    assert message.endswith("Member must have length less than or equal to 63")
    assert len(message) < 500


def test_an_enum_lists_what_it_takes() -> None:
    message = refusal("sagemaker", "ListEndpoints", {"SortOrder": "Up"}).message

    assert message.endswith(
        "Value 'Up' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value "
        "set: [Ascending, Descending]"
    )


def test_lists_have_sizes() -> None:
    empty = refusal(
        "sagemaker",
        "CreateEndpointConfig",
        {"EndpointConfigName": "c", "ProductionVariants": []},
    )

    assert empty.message.endswith(
        "Value '[]' at 'productionVariants' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1"
    )


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), float("-inf"), -0.1])
def test_a_weight_is_a_number_from_zero_up(weight: float) -> None:
    error = refusal("sagemaker", "CreateEndpointConfig", variant(InitialVariantWeight=weight))

    assert "'productionVariants.1.member.initialVariantWeight'" in error.message


def test_null_in_a_list_is_refused() -> None:
    error = refusal("sagemaker", "AddTags", {"ResourceArn": ARN, "Tags": [None]})

    assert "Value null at 'tags.1.member'" in error.message


def test_values_of_maps_are_never_shown() -> None:
    environment = {"API_KEY": "s3cr3t" * 10_000}
    error = refusal(
        "sagemaker",
        "CreateModel",
        {"ModelName": "m", "PrimaryContainer": {"Image": "i", "Environment": environment}},
    )

    assert "'primaryContainer.environment.API_KEY.member'" in error.message
    assert "s3cr3t" not in error.message
    assert "***" in error.message


def test_a_name_in_a_map_that_cannot_be_is_told_as_such() -> None:
    code = {"ZipFile": b"x"}
    given = {"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Code": code}
    names = {"1-A": "s3cr3t", "AB": "s3cr3t"}
    error = refusal("lambda", "CreateFunction", {**given, "Environment": {"Variables": names}})

    assert error.message == (
        "1 validation error detected: Value '1-A' at 'environment.variables' failed to satisfy "
        "constraint: Map keys must satisfy constraint: [Member must satisfy regular expression "
        "pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
    )


def test_a_service_says_it_in_its_own_terms() -> None:
    assert type(refusal("apigateway", "CreateRestApi", {})).__name__ == "BadRequestException"
    queue = {"QueueArn": "q", "Events": ["s3:Nothing"]}
    wrong = {"Bucket": "b", "NotificationConfiguration": {"QueueConfigurations": [queue]}}
    error = refusal("s3", "PutBucketNotificationConfiguration", wrong)
    assert type(error).__name__ == "InvalidArgument"


def test_many_problems_stay_readable() -> None:
    tags = [{"Key": "k"} for _ in range(50)]
    error = refusal("sagemaker", "AddTags", {"ResourceArn": ARN, "Tags": tags})

    assert error.message.startswith("50 validation errors detected: ")
    assert error.message.endswith("; and 40 more")


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("iam", "GetRole", ServiceValidationError),
        ("sts", "AssumeRole", ServiceValidationError),
        ("logs", "GetLogEvents", InvalidParameterException),
        ("sagemaker", "DescribeModel", ValidationException),
    ],
)
def test_each_service_has_its_own_error(service: str, operation: str, kind: type[ApiError]) -> None:
    if service == "logs":
        assert isinstance(refusal(service, operation, {"limit": 0}), kind)
    else:
        assert type(refusal(service, operation, {})) is kind
