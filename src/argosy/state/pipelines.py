"""SageMaker pipelines and their executions, as records; and the beginning of an execution.

`services` write what is asked, `control` carries it out. An execution is recorded as
"PIPELINE/ID"; the definition that it follows is a record of its own, which executions share, named
by its digest. An execution's status stands in the record's own column. What finds one of many
executions, by its token or by what a step was asked, is a record that names it.
"""

import hashlib
import secrets
import string
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from argosy.ground.errors import ResourceNotFound, ValidationException
from argosy.ground.names import sagemaker_arn
from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.errors import BadDefinition
from argosy.ground.pipelines.parameters import given_values
from argosy.state.pipeline_events import tell_execution
from argosy.state.record import Record
from argosy.state.records import Records

PIPELINE = "pipeline"
EXECUTION = "pipeline-execution"
DEFINITION = "pipeline-definition"
TOKEN = "pipeline-execution-token"
DONE = "pipeline-step-done"
"""Kinds of record; the first is also a type in an ARN."""
OF_PIPELINE = (EXECUTION, DEFINITION, TOKEN, DONE)
"""Those whose names begin with the pipeline's."""

ACTIVE = "Active"
EXECUTING = "Executing"
STOPPING = "Stopping"
STOPPED = "Stopped"
FAILED = "Failed"
SUCCEEDED = "Succeeded"
STARTING = "Starting"
UNFINISHED = (EXECUTING, STOPPING)

_ID = string.ascii_lowercase + string.digits


class PipelineDocument(TypedDict):
    """A pipeline."""

    name: str
    arn: str
    display_name: str
    description: str
    role: str
    definition: str
    """Digest: the name of the definition's record, after "PIPELINE/"."""
    parallel: int | None
    """MaxParallelExecutionSteps."""
    token: str
    last_run: float | None
    by: dict[str, Any]
    changed_by: dict[str, Any]


StepState = dict[str, Any]
"""How far a step is; there is none before it has begun. Times in epoch seconds.

status; attempt: counts from 1, the names of jobs hang on it; first: when the first attempt began;
started, ended: of this attempt; again: when the next one is to begin; arn, job: of what it made;
failure; kind: of the failure, as retry policies name it; metadata: as it is shown; properties: what
other steps may refer to; outcome: of a condition; key: digest of what was asked, for the cache;
cached: the execution whose outcome stands for this one; token, arguments: of a callback; unsent:
its message is still to be sent; stopping: the job, or who answers a callback, was told to stop.
"""


class ExecutionDocument(TypedDict):
    """An execution."""

    pipeline: str
    pipeline_arn: str
    id: str
    arn: str
    definition: str
    role: str
    parameters: dict[str, Any]
    """Name → value, by its type."""
    given: list[dict[str, str]]
    display_name: str
    description: str
    parallel: int | None
    token: str
    by: dict[str, Any]
    failure_reason: str
    steps: dict[str, StepState]
    answers: NotRequired[dict[str, dict[str, Any]]]
    """Token of a callback → {"outputs"} or {"failure"}."""
    tokens: NotRequired[dict[str, str]]
    """Operation that changed it → the ClientRequestToken of the last call."""
    ended: NotRequired[float]
    changed_by: NotRequired[dict[str, Any]]


def pipeline_name(name_or_arn: str) -> str:
    """The record's name; an ARN has it in lower case."""
    return name_or_arn.rpartition(":pipeline/")[2].partition("/")[0]


def find_pipeline(records: Records, account: str, region: str, name_or_arn: str) -> Record:
    """Raises ResourceNotFound."""
    name = pipeline_name(name_or_arn)
    if name_or_arn.startswith("arn:"):
        record = records.get_any_case(PIPELINE, account, region, name)
        if record is not None and record.document["arn"] == name_or_arn.lower():
            return record
    else:
        record = records.get(PIPELINE, account, region, name)
        if record is not None:
            return record
    named = sagemaker_arn(region, account, PIPELINE, name)
    arn = name_or_arn if name_or_arn.startswith("arn:") else named
    raise ResourceNotFound(f"Pipeline '{arn}' does not exist.")


def find_execution(records: Records, account: str, region: str, arn: str) -> Record:
    """Raises ResourceNotFound."""
    name = arn.rpartition(":pipeline/")[2].replace("/execution/", "/", 1)
    record = records.get_any_case(EXECUTION, account, region, name)
    if record is None or record.document["arn"] != arn.lower():
        raise ResourceNotFound(f"Pipeline execution '{arn}' does not exist.")
    return record


def definition_of(records: Records, document: Mapping[str, Any], where: tuple[str, str]) -> str:
    """The text that a pipeline or an execution follows; `where` is (account, region)."""
    name = f"{document.get('pipeline') or document['name']}/{document['definition']}"
    record = records.get(DEFINITION, *where, name)
    if record is None:
        raise ResourceNotFound(f"The definition {name} is gone.")
    return str(record.document["text"])


def keep_definition(
    records: Records, where: tuple[str, str], pipeline: str, text: str, now: float
) -> str:
    """Write a definition down, unless it is there; returns its digest. Joins the transaction."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = f"{pipeline}/{digest}"
    if records.get(DEFINITION, *where, name) is None:
        records.create(DEFINITION, *where, name, {"text": text}, now=now)
    return digest


def execution_of_token(records: Records, pipeline: Record, token: str) -> Record | None:
    """The execution that was begun with a ClientRequestToken."""
    if not token:
        return None
    where = (pipeline.account, pipeline.region)
    named = records.get(TOKEN, *where, _of_token(pipeline.name, token))
    return named and records.get(EXECUTION, *where, named.document["execution"])


def _of_token(pipeline: str, token: str) -> str:
    return f"{pipeline}/{hashlib.sha256(token.encode()).hexdigest()}"


def note_done(records: Records, execution: Record, step: str, key: str, now: float) -> None:
    """A step that was asked what `key` says has succeeded in this execution: the newest one that
    did. Joins the transaction that is open."""
    where = (execution.account, execution.region)
    name = f"{execution.document['pipeline']}/{key}"
    document = {"execution": execution.name, "step": step}
    there = records.get(DONE, *where, name)
    if there is None:
        records.create(DONE, *where, name, document, now=now)
    else:
        records.update(there, now=now, document=document)


def done_before(records: Records, execution: Record, key: str) -> Record | None:
    """The execution in which a step that was asked this succeeded last; it may be gone."""
    where = (execution.account, execution.region)
    named = records.get(DONE, *where, f"{execution.document['pipeline']}/{key}")
    return named and records.get(EXECUTION, *where, named.document["execution"])


def start_execution(
    records: Records,
    account: str,
    region: str,
    pipeline: str,
    parameters: Mapping[str, str],
    now: float,
    *,
    token: str = "",
    display_name: str = "",
    description: str = "",
    parallel: int | None = None,
    role: str = "",
    by: Mapping[str, Any] | None = None,
) -> Record:
    """Begin an execution of a pipeline (by name or ARN); control does the rest.

    The same token once more gives the execution that it began. Joins the transaction that is open.
    Raises ResourceNotFound, and ValidationException for parameters that the pipeline has not, or
    that it needs and is not given.
    """
    with records.transaction():
        found = find_pipeline(records, account, region, pipeline)
        before = execution_of_token(records, found, token)
        if before is not None:
            return before
        document = _execution(found, _values(records, found, parameters), parameters)
        document["token"], document["by"] = token, dict(by or {})
        document["display_name"] = display_name or f"execution-{int(now * 1000)}"
        document["description"] = description
        document["parallel"] = parallel or document["parallel"]
        document["role"] = role or document["role"]
        name = f"{found.name}/{document['id']}"
        record = records.create(
            EXECUTION, account, region, name, dict(document), now=now, status=EXECUTING
        )
        if token:
            named = _of_token(found.name, token)
            records.create(TOKEN, account, region, named, {"execution": name}, now=now)
        changed = {**found.document, "last_run": now}
        records.update(found, now=now, document=changed, touch=False)
        tell_execution(records, record, now, "")
        return record


def _values(records: Records, pipeline: Record, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Raises ValidationException."""
    text = definition_of(records, pipeline.document, (pipeline.account, pipeline.region))
    try:
        return given_values(definitions.parse(text).parameters, dict(parameters))
    except BadDefinition as error:
        raise ValidationException(str(error)) from None


def _execution(
    pipeline: Record, values: dict[str, Any], parameters: Mapping[str, str]
) -> ExecutionDocument:
    asked, new_id = pipeline.document, "".join(secrets.choice(_ID) for _ in range(12))
    return {
        "pipeline": pipeline.name,
        "pipeline_arn": asked["arn"],
        "id": new_id,
        "arn": f"{asked['arn']}/execution/{new_id}",
        "definition": asked["definition"],
        "role": asked["role"],
        "parameters": values,
        "given": [{"Name": name, "Value": value} for name, value in parameters.items()],
        "display_name": "",
        "description": "",
        "parallel": asked["parallel"],
        "token": "",
        "by": {},
        "failure_reason": "",
        "steps": {},
    }
