"""Definitions that were damaged anywhere are refused with a sentence, and never by an accident."""

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.errors import BadDefinition

GET = {"Get": "Steps.prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
REPORT = {"PropertyFile": {"Get": "Steps.prepare.PropertyFiles.report"}, "Path": "a.b"}
FILE = {"PropertyFileName": "report", "OutputName": "o", "FilePath": "r.json"}
RETRY = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 1, "MaxAttempts": 2}
WHOLE: dict[str, Any] = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "p", "Type": "Integer", "DefaultValue": 1, "EnumValues": [1, 2]}],
    "Steps": [
        {
            "Name": "prepare",
            "Type": "Processing",
            "Arguments": {"x": {"Std:Join": {"On": "/", "Values": ["a", {"Get": "Parameters.p"}]}}},
            "PropertyFiles": [FILE],
            "RetryPolicies": [RETRY],
            "CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"},
        },
        {
            "Name": "ask",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {"Type": "LessThan", "LeftValue": {"Std:JsonGet": REPORT}, "RightValue": 1},
                    {"Type": "In", "QueryValue": 1, "Values": [1]},
                    {
                        "Type": "Not",
                        "Condition": {
                            "Type": "Or",
                            "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}],
                        },
                    },
                ],
                "IfSteps": [{"Name": "train", "Type": "Training", "Arguments": {"uri": GET}}],
                "ElseSteps": [],
            },
        },
        {
            "Name": "call",
            "Type": "Lambda",
            "FunctionArn": "arn",
            "Arguments": {},
            "OutputParameters": [{"OutputName": "o", "OutputType": "String"}],
            "DependsOn": ["ask"],
        },
    ],
}
DAMAGE: tuple[Any, ...] = (None, 5, -1.5, True, "", "x", [], [None], {}, {"Get": 1}, 10**400)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and entry."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in inner:
        yield (*path, key)
        if isinstance(below, dict | list):
            yield from places(below, (*path, key))


def damaged(path: tuple[Any, ...], damage: Any) -> str:
    whole = copy.deepcopy(WHOLE)
    place: Any = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = damage
    return json.dumps(whole)


@pytest.mark.parametrize("damage", DAMAGE, ids=repr)
def test_no_damage_is_an_accident(damage: Any) -> None:
    for path in places(WHOLE):
        with contextlib.suppress(BadDefinition):
            definitions.parse(damaged(path, damage))


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {"Type": "Equals", "LeftValue": 1, "RightValue": 1}
    for _ in range(400):
        deep = {"Type": "Not", "Condition": deep}
    ask = {"Name": "ask", "Type": "Condition", "Arguments": {"Conditions": [deep]}}
    with pytest.raises(BadDefinition, match="nested"):
        definitions.parse(json.dumps({"Steps": [ask]}))
