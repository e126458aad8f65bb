"""IAM's roles over the wire, with boto3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
INLINE = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
}
MANAGED = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiServer]:
    with ApiServer(tmp_path, clock=ManualClock(1_700_000_000.25)) as running:
        yield running


@pytest.fixture
def iam(server: ApiServer) -> Any:
    return server.client("iam")


def make(iam: Any, name: str, **more: Any) -> Any:
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)[
        "Role"
    ]


def refusal(call: Any, **arguments: Any) -> tuple[str, int, str]:
    """Code, HTTP status and message of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"]["Message"]


def test_a_created_role_is_described_as_it_was_made(iam: Any) -> None:
    made = make(
        iam,
        "Runner",
        Path="/service-role/",
        Description="runs <models>",
        Tags=[
            {"Key": "team", "Value": "ä"},
        ],
    )
    got = iam.get_role(RoleName="Runner")["Role"]

    assert got["Arn"] == "arn:aws:iam::000000000000:role/service-role/Runner" == made["Arn"]
    assert got["AssumeRolePolicyDocument"] == TRUST
    assert got["Description"] == "runs <models>"
    assert got["MaxSessionDuration"] == 3600
    assert got["Tags"] == [{"Key": "team", "Value": "ä"}]
    assert got["CreateDate"].timestamp() == 1_700_000_000
    assert got["RoleId"].startswith("AROA")
    assert len(got["RoleId"]) == 21


def test_a_name_is_taken_whatever_its_case(iam: Any) -> None:
    make(iam, "Runner")

    assert refusal(
        iam.create_role, RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST)
    ) == ("EntityAlreadyExists", 409, "Role with name runner already exists.")


def test_a_missing_role_is_named(iam: Any) -> None:
    expected = ("NoSuchEntity", 404, "The role with name Nobody cannot be found.")

    assert refusal(iam.get_role, RoleName="Nobody") == expected
    assert refusal(iam.delete_role, RoleName="Nobody") == expected


def test_a_role_outlives_the_process(tmp_path: Path) -> None:
    with ApiServer(tmp_path) as first:
        make(first.client("iam"), "Runner")

    with ApiServer(tmp_path) as second:
        assert second.client("iam").get_role(RoleName="Runner")["Role"]["RoleName"] == "Runner"


def test_a_role_with_policies_is_not_deleted(iam: Any) -> None:
    make(iam, "Runner")
    iam.attach_role_policy(RoleName="Runner", PolicyArn=MANAGED)
    iam.put_role_policy(RoleName="Runner", PolicyName="in", PolicyDocument=json.dumps(INLINE))

    attached = refusal(iam.delete_role, RoleName="Runner")
    iam.detach_role_policy(RoleName="Runner", PolicyArn=MANAGED)
    inline = refusal(iam.delete_role, RoleName="Runner")
    iam.delete_role_policy(RoleName="Runner", PolicyName="in")
    iam.delete_role(RoleName="Runner")

    assert attached == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must detach all policies first.",
    )
    assert inline == ("DeleteConflict", 409, "Cannot delete entity, must delete policies first.")
    assert iam.list_roles()["Roles"] == []


def test_listing_pages_in_order_of_names_and_keeps_to_a_path(iam: Any) -> None:
    for name in ("c", "a", "e", "d", "b"):
        make(iam, name, Path="/odd/" if name in "ace" else "/")

    pages = list(iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))
    odd = iam.list_roles(PathPrefix="/odd/")

    assert [[role["RoleName"] for role in page["Roles"]] for page in pages] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert [role["RoleName"] for role in odd["Roles"]] == ["a", "c", "e"]
    assert odd["IsTruncated"] is False


def test_a_made_up_marker_is_refused(iam: Any) -> None:
    assert refusal(iam.list_roles, Marker="***")[:2] == ("ValidationError", 400)


def test_attached_policies_are_listed_once(iam: Any) -> None:
    make(iam, "Runner")
    other = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    for arn in (MANAGED, MANAGED, other):
        iam.attach_role_policy(RoleName="Runner", PolicyArn=arn)

    every = iam.list_attached_role_policies(RoleName="Runner")["AttachedPolicies"]
    below = iam.list_attached_role_policies(RoleName="Runner", PathPrefix="/service-role/")

    assert every == [
        {"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": MANAGED},
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": other},
    ]
    assert [one["PolicyArn"] for one in below["AttachedPolicies"]] == [other]


def test_a_policy_that_does_not_exist_cannot_be_attached(iam: Any) -> None:
    make(iam, "Runner")
    arn = "arn:aws:iam::000000000000:policy/Mine"

    assert refusal(iam.attach_role_policy, RoleName="Runner", PolicyArn=arn) == (
        "NoSuchEntity",
        404,
        f"Policy {arn} does not exist or is not attachable.",
    )


def test_an_inline_policy_comes_back_as_it_was_put(iam: Any) -> None:
    make(iam, "Runner")
    iam.put_role_policy(RoleName="Runner", PolicyName="in", PolicyDocument=json.dumps(INLINE))

    got = iam.get_role_policy(RoleName="Runner", PolicyName="in")

    assert got["PolicyDocument"] == INLINE
    assert iam.list_role_policies(RoleName="Runner")["PolicyNames"] == ["in"]
    assert refusal(iam.get_role_policy, RoleName="Runner", PolicyName="no") == (
        "NoSuchEntity",
        404,
        "The role policy with name no cannot be found.",
    )


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", "Syntax errors in policy."),
        ('{"Statement": []}', "Syntax errors in policy."),
        ("[" * 100_000, "This policy contains invalid Json"),
        (json.dumps({"Statement": {"Effect": "Maybe"}}), "Syntax errors in policy."),
        (json.dumps(INLINE), "Has prohibited field Resource"),
        (
            json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}),
            "AssumeRole policy must contain principals.",
        ),
        (
            json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}}),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": [1]}}),
            "Syntax errors in policy.",
        ),
    ],
)
def test_a_trust_policy_must_be_one(iam: Any, policy: str, message: str) -> None:
    assert refusal(iam.create_role, RoleName="Runner", AssumeRolePolicyDocument=policy) == (
        "MalformedPolicyDocument",
        400,
        message,
    )


def test_names_are_validated_with_iam_s_error(iam: Any) -> None:
    code, status, message = refusal(iam.get_role, RoleName="a b")

    assert (code, status) == ("ValidationError", 400)
    assert message.startswith(
        "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )


def test_a_permissions_boundary_is_refused_rather_than_ignored(iam: Any) -> None:
    code, _, message = refusal(
        iam.create_role,
        RoleName="Runner",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        PermissionsBoundary=MANAGED,
    )

    assert (code, message) == (
        "ValidationError",
        "Argosy does not offer permissions boundaries.",
    )


def test_simulation_says_what_would_happen(iam: Any) -> None:
    role = make(iam, "Runner")
    actions = ["sagemaker:CreateEndpoint", "s3:GetObject"]

    allowed = iam.simulate_principal_policy(PolicySourceArn=role["Arn"], ActionNames=actions)
    missing = refusal(
        iam.simulate_principal_policy,
        PolicySourceArn="arn:aws:iam::000000000000:role/Nobody",
        ActionNames=actions,
    )

    assert [
        (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"])
        for result in allowed["EvaluationResults"]
    ] == [(action, "*", "allowed") for action in actions]
    assert missing[:2] == ("NoSuchEntity", 404)
