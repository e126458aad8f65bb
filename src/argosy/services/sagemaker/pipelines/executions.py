"""Executions of pipelines: begun, stopped, taken up again, described. Control carries them out."""

from collections.abc import Callable
from typing import Any

from argosy.ground.errors import ConflictException, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.pages import one_page
from argosy.services.sagemaker.pipelines.listing import listed
from argosy.services.sagemaker.pipelines.parallelism import parallel_of, parallel_shown
from argosy.services.sagemaker.registry.finding import user_context
from argosy.state import pipelines as state
from argosy.state.pipeline_events import tell_execution
from argosy.state.pipelines import definition_of, find_execution, find_pipeline
from argosy.state.records import Record

_REFUSED = ("SelectiveExecutionConfig", "PipelineVersionId", "PipelineVersionAlias")


@operation("sagemaker", "StartPipelineExecution")
def start_pipeline_execution(call: Call) -> dict[str, Any]:
    """The same ClientRequestToken once more gives the execution that it began."""
    asked = call.input
    for member in (*_REFUSED, "MlflowExperimentName"):
        if asked.get(member):
            raise ValidationException(f"This version does not support {member}.")
    given = [(one["Name"], one["Value"]) for one in asked.get("PipelineParameters") or ()]
    if len({name for name, _ in given}) < len(given):
        raise ValidationException("A parameter is given twice in PipelineParameters.")
    record = state.start_execution(
        call.records,
        call.caller.account,
        call.caller.region,
        asked["PipelineName"],
        dict(given),
        call.clock.now(),
        token=asked["ClientRequestToken"],
        display_name=asked.get("PipelineExecutionDisplayName") or "",
        description=asked.get("PipelineExecutionDescription") or "",
        parallel=parallel_of(asked),
        role=asked.get("RoleArn") or "",
        by=user_context(call),
    )
    return {"PipelineExecutionArn": record.document["arn"]}


@operation("sagemaker", "StopPipelineExecution")
def stop_pipeline_execution(call: Call) -> dict[str, Any]:
    """Steps that are under way are stopped; once more for one that is stopping changes nothing."""

    def stopping(record: Record) -> tuple[dict[str, Any], str]:
        if record.status not in state.UNFINISHED:
            raise ConflictException(_in_status(record, "stopped", "Executing"))
        return record.document, state.STOPPING

    return _changed(call, stopping)


@operation("sagemaker", "RetryPipelineExecution")
def retry_pipeline_execution(call: Call) -> dict[str, Any]:
    """Steps that succeeded are not done again; those that failed or were stopped begin anew."""

    def again(record: Record) -> tuple[dict[str, Any], str]:
        if record.status not in (state.FAILED, state.STOPPED):
            raise ConflictException(_in_status(record, "retried", "Failed or Stopped"))
        document = {**record.document, "failure_reason": "", "steps": _kept(record)}
        document.pop("ended", None)
        document["parallel"] = parallel_of(call.input) or document["parallel"]
        return document, state.EXECUTING

    return _changed(call, again)


@operation("sagemaker", "UpdatePipelineExecution")
def update_pipeline_execution(call: Call) -> dict[str, Any]:
    def described(record: Record) -> tuple[dict[str, Any], str]:
        document = {**record.document, "parallel": parallel_of(call.input)}
        document["parallel"] = document["parallel"] or record.document["parallel"]
        for member, place in (
            ("PipelineExecutionDisplayName", "display_name"),
            ("PipelineExecutionDescription", "description"),
        ):
            document[place] = call.input.get(member) or record.document[place]
        return document, record.status

    return _changed(call, described)


@operation("sagemaker", "DescribePipelineExecution")
def describe_pipeline_execution(call: Call) -> dict[str, Any]:
    record = _found(call)
    document = record.document
    told = {
        "PipelineExecutionDescription": document["description"],
        "FailureReason": document["failure_reason"][:1300],
    }
    return {
        "PipelineArn": document["pipeline_arn"],
        "PipelineExecutionArn": document["arn"],
        "PipelineExecutionDisplayName": document["display_name"],
        "PipelineExecutionStatus": record.status,
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "CreatedBy": document["by"],
        "LastModifiedBy": document.get("changed_by") or document["by"],
        "RoleArn": document["role"],
        **parallel_shown(document["parallel"]),
        **{name: value for name, value in told.items() if value},
    }


@operation("sagemaker", "DescribePipelineDefinitionForExecution")
def describe_pipeline_definition_for_execution(call: Call) -> dict[str, Any]:
    record = _found(call)
    text = definition_of(call.records, record.document, (record.account, record.region))
    return {"PipelineDefinition": text, "CreationTime": record.created}


@operation("sagemaker", "ListPipelineParametersForExecution")
def list_pipeline_parameters_for_execution(call: Call) -> dict[str, Any]:
    """What the execution was given; parameters that have their defaults are not listed."""
    record = _found(call)
    page, following = one_page(
        list(enumerate(record.document["given"])),
        lambda one: (one[0], ""),
        order="place",
        descending=False,
        limit=call.input.get("MaxResults") or 200,
        token=call.input.get("NextToken"),
    )
    more = {"NextToken": following} if following else {}
    return {"PipelineParameters": [one for _, one in page], **more}


@operation("sagemaker", "ListPipelineExecutions")
def list_pipeline_executions(call: Call) -> dict[str, Any]:
    name, caller = call.input["PipelineName"], call.caller
    pipeline = find_pipeline(call.records, caller.account, caller.region, name)
    prefix, member = f"{pipeline.name}/", "PipelineExecutionSummaries"
    return listed(call, state.EXECUTION, prefix, member, _summary)


def _changed(call: Call, change: Callable[[Record], tuple[dict[str, Any], str]]) -> dict[str, Any]:
    with call.records.transaction():
        record = _found(call)
        if _done_before(call, record):
            return {"PipelineExecutionArn": record.document["arn"]}
        document, status = change(record)
        document = {**document, "changed_by": user_context(call), "tokens": _tokens(call, record)}
        now = call.clock.now()
        changed = call.records.update(record, now=now, document=document, status=status)
        if status != record.status:
            tell_execution(call.records, changed, now, record.status)
    return {"PipelineExecutionArn": record.document["arn"]}


def _tokens(call: Call, record: Record) -> dict[str, str]:
    """The last ClientRequestToken of each operation, with that of this call."""
    token, before = call.input.get("ClientRequestToken"), record.document.get("tokens") or {}
    return {**before, call.operation: token} if token else before


def _done_before(call: Call, record: Record) -> bool:
    """Whether this is the same call once more."""
    token = call.input.get("ClientRequestToken")
    return bool(token) and (record.document.get("tokens") or {}).get(call.operation) == token


def _kept(record: Record) -> dict[str, Any]:
    """The steps that succeeded; of the others only how often they were tried."""
    return {
        name: one
        if one["status"] == state.SUCCEEDED
        else {"status": state.STARTING, "attempt": one.get("attempt", 0), "again": 0.0}
        for name, one in record.document["steps"].items()
    }


def _in_status(record: Record, what: str, wanted: str) -> str:
    return (
        f"Pipeline execution '{record.document['arn']}' cannot be {what} because it is "
        f"{record.status}; it must be {wanted}."
    )


def _found(call: Call) -> Record:
    arn = call.input["PipelineExecutionArn"]
    return find_execution(call.records, call.caller.account, call.caller.region, arn)


def _summary(record: Record) -> dict[str, Any]:
    document = record.document
    told = {
        "PipelineExecutionDescription": document["description"],
        "PipelineExecutionFailureReason": document["failure_reason"],
    }
    return {
        "PipelineExecutionArn": document["arn"],
        "StartTime": record.created,
        "PipelineExecutionStatus": record.status,
        "PipelineExecutionDisplayName": document["display_name"],
        **{name: value for name, value in told.items() if value},
    }
