"""The steps of an execution as they are shown."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.step import Step
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.pages import one_page
from argosy.state.pipelines import definition_of, find_execution


@operation("sagemaker", "ListPipelineExecutionSteps")
def list_pipeline_execution_steps(call: Call) -> dict[str, Any]:
    """Those that have begun, newest first if nothing else is asked for."""
    arn = call.input.get("PipelineExecutionArn")
    if not arn:
        raise ValidationException("PipelineExecutionArn is required.")
    record = find_execution(call.records, call.caller.account, call.caller.region, arn)
    text = definition_of(call.records, record.document, (record.account, record.region))
    steps, states = definitions.parse(text).steps, record.document["steps"]
    begun = [(name, one) for name, one in states.items() if one.get("started")]
    page, following = one_page(
        begun,
        lambda pair: (pair[1]["started"], pair[0]),
        order="started",
        descending=(call.input.get("SortOrder") or "Descending") == "Descending",
        limit=call.input.get("MaxResults") or 100,
        token=call.input.get("NextToken"),
    )
    more = {"NextToken": following} if following else {}
    return {"PipelineExecutionSteps": [_shown(steps[n], one) for n, one in page], **more}


def _shown(step: Step, state: dict[str, Any]) -> dict[str, Any]:
    cached = state.get("cached")
    told = {
        "StepDisplayName": step.display_name,
        "StepDescription": step.description,
        "EndTime": state.get("ended"),
        "FailureReason": str(state.get("failure") or "")[:1024],
        "CacheHitResult": {"SourcePipelineExecutionArn": cached} if cached else None,
        "Metadata": state.get("metadata"),
    }
    return {
        "StepName": step.name,
        "StartTime": state["started"],
        "StepStatus": state["status"],
        "AttemptCount": max(0, state.get("attempt", 1) - 1),
        **{name: value for name, value in told.items() if value},
    }
