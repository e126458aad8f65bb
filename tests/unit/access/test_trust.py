"""Who may assume a role, by its trust policy alone."""

import json
from typing import Any

import pytest

from argosy.access.trust import Asking, trusts

ROOT = "arn:aws:iam::1:root"
SESSION = "arn:aws:sts::1:assumed-role/builder/s"


def allowed(statement: Any, arn: str = ROOT, service: str = "", **values: str) -> bool:
    keys = {name.replace("_", ":"): value for name, value in values.items()}
    asking = Asking(arn=arn, account="1", service=service, values=keys)
    return trusts(json.dumps({"Version": "2012-10-17", "Statement": statement}), asking)


def rule(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal, **more}


@pytest.mark.parametrize(
    ("principal", "arn", "expected"),
    [
        ("*", ROOT, True),
        ({"AWS": "*"}, ROOT, True),
        ({"AWS": "1"}, ROOT, True),
        ({"AWS": ["2", ROOT]}, SESSION, True),
        ({"AWS": "2"}, ROOT, False),
        ({"AWS": "arn:aws:iam::1:role/path/builder"}, SESSION, True),
        ({"AWS": SESSION}, SESSION, True),
        ({"AWS": "arn:aws:iam::1:role/other"}, SESSION, False),
        ({"AWS": "arn:aws:iam::2:role/builder"}, SESSION, False),
        ({"Service": "sagemaker.amazonaws.com"}, ROOT, False),
        ({"Federated": "*"}, ROOT, False),
    ],
)
def test_a_principal_names_whom_it_names(principal: Any, arn: str, expected: bool) -> None:
    assert allowed(rule(principal), arn) is expected


def test_a_service_is_named_as_one() -> None:
    trusted = rule({"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]})
    assert allowed(trusted, service="lambda.amazonaws.com")
    assert not allowed(trusted, service="ec2.amazonaws.com")


def test_a_deny_wins() -> None:
    deny = rule({"AWS": ROOT}, "Deny")
    assert not allowed([rule("*"), deny])
    assert allowed([rule("*"), rule({"AWS": "2"}, "Deny")])


def test_other_actions_are_not_assuming() -> None:
    assert not allowed({**rule("*"), "Action": "sts:TagSession"})
    assert allowed({**rule("*"), "Action": ["STS:Assume*"]})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"sts:ExternalId": ["a", "b"]}}, True),
        ({"StringEquals": {"sts:ExternalId": "c"}}, False),
        ({"StringNotEquals": {"sts:ExternalId": "c"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1:*"}}, True),
        ({"StringEquals": {"sts:SourceIdentity": "x"}}, False),
        ({"StringEqualsIfExists": {"sts:SourceIdentity": "x"}}, True),
        ({"Null": {"sts:ExternalId": "false"}}, True),
        ({"Null": {"sts:ExternalId": "true"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
    ],
)
def test_conditions_must_hold(condition: dict[str, Any], expected: bool) -> None:
    assert allowed(rule("*", Condition=condition), sts_externalid="b") is expected


def test_a_condition_that_is_not_understood_does_not_weaken_a_deny() -> None:
    deny = rule("*", "Deny", Condition={"DateGreaterThan": {"aws:CurrentTime": "x"}})
    assert not allowed([rule("*"), deny])
