"""Outputs of functions and callbacks as ListPipelineExecutionSteps shows them. Pure."""

from typing import Any

from argosy.ground.pipelines.references import as_text
from argosy.ground.pipelines.step import Output

_LONGEST = 1024


def output_parameters(outputs: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": as_text(value)[:_LONGEST]} for name, value in outputs.items()]


def typed(output: Output, text: str) -> Any:
    """A callback's output by its type; text that is none of it stays text."""
    try:
        if output.type == "Integer":
            return int(text)
        if output.type == "Float":
            return float(text)
    except ValueError:
        return text
    return text.lower() == "true" if output.type == "Boolean" else text
