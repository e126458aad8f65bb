"""Lifecycle policies: which images go, by number and by age, and which rules are refused."""

import json
from typing import Any

import pytest

from argosy.ground.errors import InvalidParameterException
from argosy.oci.lifecycle import Pushed, expired, rules

DAY = 86_400.0
NOW = 100 * DAY

IMAGES = [
    Pushed("new", ("prod-2",), NOW - DAY),
    Pushed("old", ("prod-1",), NOW - 30 * DAY),
    Pushed("bare", (), NOW - 5 * DAY),
]


def rule(priority: int = 1, **selection: Any) -> dict[str, Any]:
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def gone(*given: dict[str, Any]) -> list[str]:
    return expired(rules(json.dumps({"rules": given})), IMAGES, NOW)


COUNT_1 = {"countType": "imageCountMoreThan", "countNumber": 1}
AGE_3 = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 3}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([rule(tagStatus="any", **COUNT_1)], ["bare", "old"]),
        ([rule(tagStatus="untagged", **AGE_3)], ["bare"]),
        ([rule(tagStatus="tagged", tagPrefixList=["prod"], **COUNT_1)], ["old"]),
        ([rule(tagStatus="tagged", tagPatternList=["*-2"], **AGE_3)], []),
        ([rule(tagStatus="tagged", tagPatternList=["*-1"], **AGE_3)], ["old"]),
    ],
)
def test_images_go_by_number_and_by_age(given: list[dict[str, Any]], expected: list[str]) -> None:
    assert gone(*given) == expected


def test_what_an_important_rule_selects_no_other_rule_expires() -> None:
    keep_prod = rule(
        1, tagStatus="tagged", tagPrefixList=["prod"], **(COUNT_1 | {"countNumber": 9})
    )
    assert gone(rule(2, tagStatus="any", **AGE_3), keep_prod) == ["bare"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (rule(tagStatus="any", **COUNT_1) | {"action": {"type": "transition"}}, "only action"),
        (rule(tagStatus="some", **COUNT_1), "tagStatus"),
        (rule(tagStatus="any", **(COUNT_1 | {"countType": "sinceImagePulled"})), "countType"),
        (rule(tagStatus="any", **(AGE_3 | {"countUnit": "weeks"})), "countUnit"),
        (rule(tagStatus="tagged", **COUNT_1), "tagPrefixList"),
        (rule(tagStatus="any", **(COUNT_1 | {"countNumber": 0})), "countNumber"),
        (rule(tagStatus="any", storageClass="archive", **COUNT_1), "no others"),
    ],
)
def test_a_rule_that_nobody_would_carry_out_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidParameterException, match=why):
        gone(given)
