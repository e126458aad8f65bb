"""Whether all that a definition refers to is there, and can ever come to an end. Pure."""

from collections.abc import Collection
from graphlib import CycleError
from typing import Any

from argosy.ground.pipelines.errors import BadDefinition
from argosy.ground.pipelines.references import (
    EXECUTION,
    GET,
    JOIN,
    JSON_GET,
    Scope,
    file_of,
    functions_in,
    split,
)
from argosy.ground.pipelines.step import Definition, Step


def check_references(definition: Definition) -> None:
    """Raises BadDefinition for a reference that leads nowhere, and for steps that wait for each
    other."""
    for step in definition.steps.values():
        for needed in sorted(step.needs):
            if needed not in definition.steps:
                raise BadDefinition(
                    f"The step {step.name} depends on {needed}, and there is no such step."
                )
        own = {k: v for k, v in step.arguments.items() if k not in ("IfSteps", "ElseSteps")}
        for one in functions_in([own, step.function, step.queue]):
            _check_one(definition, step, one)
    _refuse_circles(definition)


def _check_one(definition: Definition, step: Step, one: dict[str, Any]) -> None:
    if GET in one:
        _check_get(definition, step, one[GET])
    elif JOIN in one:
        inner = one[JOIN]
        if not isinstance(inner, dict) or not isinstance(inner.get("Values"), list):
            raise BadDefinition(f"Std:Join in the step {step.name} needs Values, a list.")
    else:
        _check_file(definition, step, one[JSON_GET])


def _check_get(definition: Definition, step: Step, path: Any) -> None:
    root, name, _ = split(path)
    known: Collection[str] | None = {
        "Parameters": definition.parameters,
        "Execution": EXECUTION,
        "Steps": definition.steps,
    }.get(root)
    if known is None or name not in known:
        raise BadDefinition(f"The step {step.name} refers to {path}, which there is not.")


def _check_file(definition: Definition, step: Step, inner: Any) -> None:
    if not isinstance(inner, dict) or not inner.get("Path"):
        raise BadDefinition(f"Std:JsonGet in the step {step.name} needs a Path.")
    if inner.get("S3Uri") is not None:
        return
    source, name = file_of(inner, Scope())
    if source not in definition.steps or name not in definition.steps[source].property_files:
        raise BadDefinition(
            f"Std:JsonGet in the step {step.name} reads the property file {name} of {source}, "
            "which has none of that name in its PropertyFiles."
        )


def _refuse_circles(definition: Definition) -> None:
    try:
        definition.in_order()
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise BadDefinition(f"Steps wait for each other: {circle}.") from None
