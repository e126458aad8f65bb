"""The answers to callback steps, by the token that was in the message."""

from typing import Any

from argosy.ground.errors import ResourceNotFound, ValidationException
from argosy.services.registry import Call, operation
from argosy.state import pipelines as state
from argosy.state.records import Record


@operation("sagemaker", "SendPipelineExecutionStepSuccess")
def send_pipeline_execution_step_success(call: Call) -> dict[str, Any]:
    given = call.input.get("OutputParameters") or []
    return _answered(call, {"outputs": {one["Name"]: one["Value"] for one in given}})


@operation("sagemaker", "SendPipelineExecutionStepFailure")
def send_pipeline_execution_step_failure(call: Call) -> dict[str, Any]:
    return _answered(call, {"failure": call.input.get("FailureReason") or ""})


def _answered(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer once more changes nothing; another one is refused."""
    token = call.input["CallbackToken"]
    with call.records.transaction():
        record = _of_token(call, token)
        answers = record.document.get("answers") or {}
        if answers.get(token, answer) != answer:
            raise ValidationException(f"The callback {token} has been answered already.")
        document = {**record.document, "answers": {**answers, token: answer}}
        call.records.update(record, now=call.clock.now(), document=document)
    return {"PipelineExecutionArn": record.document["arn"]}


def _of_token(call: Call, token: str) -> Record:
    """The execution that waits for it. Raises ResourceNotFound."""
    where = (call.caller.account, call.caller.region)
    for record in call.records.find(state.EXECUTION, *where, statuses=state.UNFINISHED):
        if any(one.get("token") == token for one in record.document["steps"].values()):
            return record
    raise ResourceNotFound(f"No callback step waits for the token {token}.")
