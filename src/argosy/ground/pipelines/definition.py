"""Reads a pipeline's definition, and refuses what cannot be carried out. Pure.

Names of steps are unique in the whole definition; a step within a condition is a step like others
that knows with which outcome it runs. What steps are asked is checked when they run.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from argosy.ground import durations
from argosy.ground.pipelines import conditions
from argosy.ground.pipelines import step as kinds
from argosy.ground.pipelines.checking import check_references
from argosy.ground.pipelines.errors import BadDefinition
from argosy.ground.pipelines.parameters import parse_parameters
from argosy.ground.pipelines.references import MOST_DEPTH, steps_in
from argosy.ground.pipelines.step import Definition, Output, Retry, Step

VERSION = "2020-12-01"
_MOST_STEPS = 1000
_LONGEST_PAUSE_S = 864_000
_MOST_BACKOFF = 100
_MOST_ATTEMPTS = 20
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of a step. Source: API reference, StepName."""


def parse(text: str) -> Definition:
    """Raises BadDefinition with a sentence."""
    try:
        return _parsed(_json(text))
    except RecursionError:
        raise BadDefinition("The pipeline's definition is nested too deep.") from None


def _parsed(document: dict[str, Any]) -> Definition:
    if document.get("Version") not in (VERSION, None):
        raise BadDefinition(
            f"The definition's Version is {document['Version']!r}; it must be {VERSION}."
        )
    steps = {}
    for step in _steps(document.get("Steps"), None, 0):
        if step.name in steps:
            raise BadDefinition(f"Two steps are named {step.name}.")
        steps[step.name] = step
    if not steps:
        raise BadDefinition("The definition needs at least one step in Steps.")
    if len(steps) > _MOST_STEPS:
        raise BadDefinition(f"The definition has {len(steps)} steps; {_MOST_STEPS} are the most.")
    parameters = parse_parameters(document.get("Parameters"))
    found = Definition(parameters, steps, document.get("PipelineExperimentConfig"))
    check_references(found)
    return found


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDefinition("The pipeline's definition is not valid JSON.") from None
    if not isinstance(document, dict):
        raise BadDefinition("The pipeline's definition is a JSON object.")
    return document


def _steps(listed: Any, within: tuple[str, bool] | None, depth: int) -> Iterator[Step]:
    """Those of a list, and those within its conditions."""
    if depth > MOST_DEPTH:
        raise BadDefinition(f"Conditions are nested more than {MOST_DEPTH} deep.")
    if listed is not None and not isinstance(listed, list):
        raise BadDefinition("Steps, IfSteps and ElseSteps are lists.")
    for one in listed or ():
        step = _step(one, within)
        yield step
        if step.type == kinds.CONDITION:
            yield from _steps(step.arguments.get("IfSteps"), (step.name, True), depth + 1)
            yield from _steps(step.arguments.get("ElseSteps"), (step.name, False), depth + 1)


def _step(one: Any, within: tuple[str, bool] | None) -> Step:
    name = one.get("Name") if isinstance(one, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadDefinition(
            f"Each step needs a Name of 1 to 64 letters, digits, '-' and '_'; {name!r} is none."
        )
    kind, arguments = one.get("Type"), one.get("Arguments")
    if kind not in kinds.TYPES:
        raise BadDefinition(
            f"The step {name} has Type {kind!r}; this version can carry out "
            f"{', '.join(kinds.TYPES)}."
        )
    arguments = {} if arguments is None else arguments
    if not isinstance(arguments, dict):
        raise BadDefinition(f"Arguments of the step {name} is an object.")
    _check_kind(name, kind, one, arguments)
    return Step(
        name=name,
        type=kind,
        arguments=arguments,
        needs=_needs(name, one, arguments),
        within=within,
        display_name=str(one.get("DisplayName") or ""),
        description=str(one.get("Description") or ""),
        cache_s=_cache(name, kind, one.get("CacheConfig")),
        retries=tuple(_retry(name, policy) for policy in _list(name, one, "RetryPolicies")),
        property_files=_files(name, _list(name, one, "PropertyFiles")),
        function=one.get("FunctionArn") or "",
        queue=one.get("SqsQueueUrl") or "",
        outputs=tuple(_output(name, given) for given in _list(name, one, "OutputParameters")),
    )


def _check_kind(name: str, kind: str, one: dict[str, Any], arguments: dict[str, Any]) -> None:
    if kind == kinds.CONDITION:
        conditions.check_all(arguments.get("Conditions"))
    if kind == kinds.LAMBDA and not one.get("FunctionArn"):
        raise BadDefinition(f"The step {name} of Type Lambda needs FunctionArn.")
    if kind == kinds.CALLBACK and not one.get("SqsQueueUrl"):
        raise BadDefinition(f"The step {name} of Type Callback needs SqsQueueUrl.")


def _needs(name: str, one: dict[str, Any], arguments: dict[str, Any]) -> frozenset[str]:
    """What is named, and what is referred to; of a condition not what its steps refer to."""
    named = _list(name, one, "DependsOn")
    if not all(isinstance(other, str) for other in named):
        raise BadDefinition(f"DependsOn of the step {name} lists names of steps.")
    own = {k: v for k, v in arguments.items() if k not in ("IfSteps", "ElseSteps")}
    more = [one.get("FunctionArn"), one.get("SqsQueueUrl")]
    return frozenset(named) | steps_in([own, *more])


def _cache(name: str, kind: str, given: Any) -> float | None:
    """How long, in seconds; None without a cache. As in the SDK's examples "p30d" and "T12H" are
    durations, too."""
    if not isinstance(given, dict) or not given.get("Enabled"):
        return None
    if kind not in kinds.CACHEABLE:
        raise BadDefinition(f"The step {name} of Type {kind} cannot have a CacheConfig.")
    expires = given.get("ExpireAfter")
    if not expires:
        return float("inf")
    text = str(expires).upper()
    try:
        return abs(durations.parse(text if text[:1] in ("P", "-") else f"P{text}"))
    except durations.BadDuration as error:
        raise BadDefinition(f"ExpireAfter of the step {name}: {error}") from None


def _retry(name: str, policy: Any) -> Retry:
    if not isinstance(policy, dict):
        raise BadDefinition(f"RetryPolicies of the step {name} lists objects.")
    named = policy.get("ExceptionType") or []
    most, minutes = policy.get("MaxAttempts"), policy.get("ExpireAfterMin")
    try:
        retry = Retry(
            kinds=(named,) if isinstance(named, str) else tuple(map(str, named)),
            interval_s=float(policy.get("IntervalSeconds", 1)),
            backoff=float(policy.get("BackoffRate", 2.0)),
            most=None if most is None else int(most),
            expire_s=None if minutes is None else float(minutes) * 60,
        )
    except (TypeError, ValueError, OverflowError):
        raise BadDefinition(f"A number of RetryPolicies of the step {name} is none.") from None
    if not (0 <= retry.interval_s <= _LONGEST_PAUSE_S and 0 <= retry.backoff <= _MOST_BACKOFF):
        raise BadDefinition(
            f"RetryPolicies of the step {name}: IntervalSeconds is at most {_LONGEST_PAUSE_S}, "
            f"BackoffRate at most {_MOST_BACKOFF}."
        )
    if not 0 <= (retry.most or 0) <= _MOST_ATTEMPTS:
        raise BadDefinition(f"MaxAttempts of the step {name} is at most {_MOST_ATTEMPTS}.")
    return retry


def _files(name: str, listed: list[Any]) -> dict[str, tuple[str, str]]:
    found = {}
    for one in listed:
        if not isinstance(one, dict):
            raise BadDefinition(f"PropertyFiles of the step {name} lists objects.")
        members = [one.get(member) for member in ("PropertyFileName", "OutputName", "FilePath")]
        if not all(isinstance(member, str) and member for member in members):
            raise BadDefinition(
                f"Each of PropertyFiles of the step {name} needs PropertyFileName, OutputName and "
                "FilePath."
            )
        found[str(members[0])] = (str(members[1]), str(members[2]))
    return found


def _output(name: str, given: Any) -> Output:
    if not isinstance(given, dict) or not given.get("OutputName"):
        raise BadDefinition(f"Each of OutputParameters of the step {name} needs OutputName.")
    return Output(str(given["OutputName"]), str(given.get("OutputType") or "String"))


def _list(name: str, one: dict[str, Any], member: str) -> list[Any]:
    given = one.get(member)
    if given is not None and not isinstance(given, list):
        raise BadDefinition(f"{member} of the step {name} is a list.")
    return given or []
