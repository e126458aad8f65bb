"""Definitions of pipelines: read, refused, and their references resolved."""

import json
from typing import Any

import pytest

from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.conditions import holds
from argosy.ground.pipelines.errors import BadDefinition, Unresolved
from argosy.ground.pipelines.parameters import given_values
from argosy.ground.pipelines.references import Scope, resolve

MODEL = {"Name": "model", "Type": "Model", "Arguments": {}}
NEVER = [{"Type": "Equals", "LeftValue": 1, "RightValue": 2}]


def text(*steps: Any, parameters: Any = (), **more: Any) -> str:
    document = {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}
    return json.dumps({**document, **more})


def step(name: str, kind: str = "Model", **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Arguments": {}, **members}


def get(path: str) -> dict[str, str]:
    return {"Get": path}


def test_a_step_needs_what_it_names_and_what_it_refers_to() -> None:
    url = {"Std:Join": {"On": "/", "Values": [get("Steps.train.ModelArtifacts.X"), "y"]}}
    last = step("last", DependsOn=["other"], Arguments={"deep": [{"Url": url}]})
    found = definitions.parse(text(step("train"), step("other"), last))
    assert found.steps["last"].needs == {"train", "other"}


def test_steps_within_a_condition_know_their_outcome() -> None:
    inner = step("inner", "Condition", Arguments={"Conditions": NEVER, "IfSteps": [step("deep")]})
    arguments = {"Conditions": NEVER, "IfSteps": [step("yes")], "ElseSteps": [inner]}
    found = definitions.parse(text(step("choose", "Condition", Arguments=arguments)))
    assert {name: one.within for name, one in found.steps.items()} == {
        "choose": None,
        "yes": ("choose", True),
        "inner": ("choose", False),
        "deep": ("inner", True),
    }


FILE = {"PropertyFileName": "f", "OutputName": "o", "FilePath": "e.json"}


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "is a JSON object"),
        (text(), "at least one step"),
        (text({**MODEL, "Name": "a b"}), "64 letters, digits"),
        (text(MODEL, Version="2019-01-01"), "must be 2020-12-01"),
        (text(MODEL, MODEL), "Two steps are named model"),
        (text(step("a", "EMR")), "'EMR'; this version can carry out Training"),
        (text(step("")), "needs a Name"),
        (text(step("a", DependsOn=["b"])), "depends on b"),
        (text(step("a", DependsOn=["b"]), step("b", DependsOn=["a"])), "wait for each other: a, b"),
        (text(step("a", Arguments={"X": get("Parameters.p")})), "refers to Parameters.p"),
        (text(step("a", Arguments={"X": get("Execution.Mood")})), "refers to Execution.Mood"),
        (text(step("a", Arguments={"X": get("nonsense")})), "is not a reference"),
        (text(step("a", Arguments={"X": {"Std:Join": {"On": "/"}}})), "needs Values"),
        (
            text(
                step("p", "Processing", PropertyFiles=[FILE]),
                step(
                    "a",
                    Arguments={
                        "X": {
                            "Std:JsonGet": {
                                "PropertyFile": get("Steps.p.PropertyFiles.g"),
                                "Path": "x",
                            }
                        }
                    },
                ),
            ),
            "reads the property file g of p",
        ),
        (text(step("a", "Lambda")), "needs FunctionArn"),
        (text(step("a", "Callback")), "needs SqsQueueUrl"),
        (text(step("a", "Condition", Arguments={"Conditions": []})), "at least one condition"),
        (
            text(step("a", "Condition", Arguments={"Conditions": [{"Type": "Like"}]})),
            "'Like'; it can be Equals",
        ),
        (text(step("a", CacheConfig={"Enabled": True})), "cannot have a CacheConfig"),
        (
            text(step("a", "Training", CacheConfig={"Enabled": True, "ExpireAfter": "soon"})),
            "is not a duration",
        ),
        (text(MODEL, parameters=[{"Name": "p", "Type": "Date"}]), "'Date'; it can be String"),
        (
            text(MODEL, parameters=[{"Name": "p", "Type": "Integer", "DefaultValue": "many"}]),
            "p is of Type Integer",
        ),
        (
            text(MODEL, parameters=[{"Name": "p", "Type": "Boolean", "DefaultValue": 1}]),
            "p is of Type Boolean",
        ),
        (text(step("a", Arguments=[])), "is an object"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_a_sentence(
    definition: str, message: str
) -> None:
    with pytest.raises(BadDefinition, match=message.replace("(", r"\(")):
        definitions.parse(definition)


SCOPE = Scope(
    parameters={"count": 2, "name": "x", "flag": True},
    execution={"PipelineExecutionId": "abc"},
    properties={
        "prep": {
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/t"}}]
            },
            "HyperParameters": {"a.b": "7"},
            "Summaries": [{"Name": "first"}, {"Name": "second"}],
        },
        "fun": {"OutputParameters": {"score": 0.5}},
    },
    file=lambda step, place: {"metrics": {"auc": {"value": 0.9}}, "list": [1, 2]},
)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (get("Parameters.count"), 2),
        (get("Execution.PipelineExecutionId"), "abc"),
        (get("Steps.prep.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"), "s3://b/t"),
        (get("Steps.prep.HyperParameters['a.b']"), "7"),
        (get("Steps.prep.Summaries[1].Name"), "second"),
        (get("Steps.fun.OutputParameters['score']"), 0.5),
        ({"Std:Join": {"On": "-", "Values": ["a", get("Parameters.count"), True]}}, "a-2-true"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": "metrics.auc.value"}}, 0.9),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": "$.list[1]"}}, 2),
        ([{"a": get("Parameters.name")}, "plain"], [{"a": "x"}, "plain"]),
    ],
)
def test_references_become_what_they_mean(value: Any, meant: Any) -> None:
    assert resolve(value, SCOPE) == meant


@pytest.mark.parametrize(
    "path", ["Steps.later.X", "Steps.prep.Nothing", "Steps.prep.Summaries[9].Name"]
)
def test_a_reference_that_leads_to_nothing_is_told(path: str) -> None:
    with pytest.raises(Unresolved, match="has no value"):
        resolve(get(path), SCOPE)


def compared(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        (compared("Equals", get("Parameters.name"), "x"), True),
        (compared("GreaterThan", get("Parameters.count"), 1), True),
        (compared("GreaterThanOrEqualTo", 2, 2), True),
        (compared("LessThan", 2, 2), False),
        (compared("LessThanOrEqualTo", "1.5", 2), True),
        ({"Type": "In", "QueryValue": "x", "Values": ["y", get("Parameters.name")]}, True),
        ({"Type": "In", "QueryValue": "2", "Values": [1, get("Parameters.count")]}, True),
        ({"Type": "Not", "Condition": compared("Equals", 1, 1)}, False),
        ({"Type": "Or", "Conditions": [compared("Equals", 1, 2), compared("Equals", 1, 1)]}, True),
    ],
)
def test_conditions_hold_or_not(condition: dict[str, Any], outcome: bool) -> None:
    assert holds(condition, SCOPE) is outcome


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(Unresolved, match="cannot be compared"):
        holds(compared("LessThan", "text", 1), SCOPE)


@pytest.mark.parametrize(
    ("expires", "hours"), [("P4DT12H", 108), ("p30d", 720), ("T12H", 12), ("30d", 720)]
)
def test_a_cache_expires_as_the_sdk_writes_it(expires: str, hours: int) -> None:
    cache = {"Enabled": True, "ExpireAfter": expires}
    parsed = definitions.parse(text(step("a", "Training", CacheConfig=cache)))
    assert parsed.steps["a"].cache_s == hours * 3600


PARAMETERS = [
    {"Name": "n", "Type": "Integer", "DefaultValue": 3},
    {"Name": "kind", "Type": "String", "EnumValues": ["a", "b"]},
    {"Name": "on", "Type": "Boolean", "DefaultValue": False},
    {"Name": "rate", "Type": "Float", "DefaultValue": 0.1},
    {"Name": "size", "Type": "Integer", "DefaultValue": "7"},
]


def test_parameters_are_read_by_their_types() -> None:
    known = definitions.parse(text(MODEL, parameters=PARAMETERS)).parameters
    given = given_values(known, {"n": "5", "kind": "a", "on": "true"})
    assert given == {"n": 5, "kind": "a", "on": True, "rate": 0.1, "size": 7}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "kind has no default"),
        ({"kind": "c"}, "it can be a, b"),
        ({"kind": "a", "n": "many"}, "is of Type Integer"),
        ({"kind": "a", "x": "1"}, "Unknown parameters: x"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(given: dict[str, str], message: str) -> None:
    known = definitions.parse(text(MODEL, parameters=PARAMETERS)).parameters
    with pytest.raises(BadDefinition, match=message):
        given_values(known, given)
