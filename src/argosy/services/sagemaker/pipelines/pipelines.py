"""Pipelines: their definitions, checked before they are kept."""

from collections.abc import Awaitable
from typing import Any

from argosy.ground.errors import ConflictException, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.pipelines.fetching import check_definition, fetched_definition
from argosy.services.sagemaker.pipelines.listing import listed
from argosy.services.sagemaker.pipelines.parallelism import parallel_of, parallel_shown
from argosy.services.sagemaker.registry.finding import user_context
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import pipelines as state
from argosy.state.pipelines import PIPELINE, PipelineDocument, definition_of, find_pipeline
from argosy.state.records import Record

Answer = dict[str, Any]


@operation("sagemaker", "CreatePipeline")
def create_pipeline(call: Call) -> Answer | Awaitable[Answer]:
    """The same ClientRequestToken once more gives the pipeline that it made."""
    check_tags(call.input.get("Tags"))
    if not _texts_given(call):
        raise ValidationException("Give PipelineDefinition or PipelineDefinitionS3Location.")
    if call.input.get("PipelineDefinition"):
        return _create(call, call.input["PipelineDefinition"])
    return _create_of_object(call)


@operation("sagemaker", "UpdatePipeline")
def update_pipeline(call: Call) -> Answer | Awaitable[Answer]:
    """Executions that are under way go on as they began."""
    if _texts_given(call) and not call.input.get("PipelineDefinition"):
        return _update_of_object(call)
    return _update(call, call.input.get("PipelineDefinition") or "")


@operation("sagemaker", "DescribePipeline")
def describe_pipeline(call: Call) -> Answer:
    _refuse_versions(call)
    record = _found(call)
    document = record.document
    return {
        **_summary(record),
        "PipelineDefinition": definition_of(
            call.records, document, (record.account, record.region)
        ),
        "PipelineStatus": record.status,
        "CreatedBy": document["by"],
        "LastModifiedBy": document["changed_by"],
        **({"LastRunTime": document["last_run"]} if document["last_run"] else {}),
        **parallel_shown(document["parallel"]),
    }


@operation("sagemaker", "ListPipelines")
def list_pipelines(call: Call) -> Answer:
    prefix = call.input.get("PipelineNamePrefix") or ""
    return listed(call, PIPELINE, prefix, "PipelineSummaries", _listed)


@operation("sagemaker", "DeletePipeline")
def delete_pipeline(call: Call) -> Answer:
    """With all its executions; raises ConflictException while one is under way."""
    with call.records.transaction():
        record = find_pipeline(
            call.records, call.caller.account, call.caller.region, call.input["PipelineName"]
        )
        if _under_way(call, record):
            raise ConflictException(
                f"Pipeline '{record.document['arn']}' has executions that are under way: stop "
                "them (StopPipelineExecution) or wait for their end."
            )
        _delete(call, record)
        set_tags(call, record.document["arn"], None)
    return {"PipelineArn": record.document["arn"]}


def _under_way(call: Call, pipeline: Record) -> bool:
    where, prefix = (pipeline.account, pipeline.region), f"{pipeline.name}/"
    running = state.UNFINISHED
    return bool(call.records.find(state.EXECUTION, *where, prefix=prefix, statuses=running))


def _delete(call: Call, pipeline: Record) -> None:
    """With all that is its own."""
    where, prefix = (pipeline.account, pipeline.region), f"{pipeline.name}/"
    for kind in state.OF_PIPELINE:
        for account, region, name in call.records.versions(kind):
            if (account, region) == where and name.startswith(prefix):
                call.records.delete(kind, *where, name)
    call.records.delete(PIPELINE, *where, pipeline.name)


async def _create_of_object(call: Call) -> Answer:
    text = await fetched_definition(call, call.input["PipelineDefinitionS3Location"])
    return _create(call, text)


async def _update_of_object(call: Call) -> Answer:
    text = await fetched_definition(call, call.input["PipelineDefinitionS3Location"])
    return _update(call, text)


def _create(call: Call, text: str) -> Answer:
    asked, where = call.input, (call.caller.account, call.caller.region)
    name, now = asked["PipelineName"], call.clock.now()
    arn = arn_of(call, PIPELINE, name)
    check_definition(text)
    with call.records.transaction():
        there = call.records.get_any_case(PIPELINE, *where, name)
        if there is not None and there.document["token"] != asked["ClientRequestToken"]:
            raise ValidationException(
                "Pipeline names must be unique within an AWS account and region. Pipeline with "
                f"name ({name}) already exists."
            )
        if there is None:
            document = _document(call, name, arn)
            document["definition"] = state.keep_definition(call.records, where, name, text, now)
            call.records.create(
                PIPELINE, *where, name, dict(document), now=now, status=state.ACTIVE
            )
            set_tags(call, arn, asked.get("Tags"))
    return {"PipelineArn": arn}


def _document(call: Call, name: str, arn: str) -> PipelineDocument:
    asked = call.input
    return {
        "name": name,
        "arn": arn,
        "display_name": asked.get("PipelineDisplayName") or name,
        "description": asked.get("PipelineDescription") or "",
        "role": asked["RoleArn"],
        "definition": "",
        "parallel": parallel_of(asked),
        "token": asked["ClientRequestToken"],
        "last_run": None,
        "by": user_context(call),
        "changed_by": user_context(call),
    }


def _update(call: Call, text: str) -> Answer:
    asked, now = call.input, call.clock.now()
    if text:
        check_definition(text)
    with call.records.transaction():
        record = _found(call)
        where = (record.account, record.region)
        document = {**record.document, "changed_by": user_context(call)}
        if text:
            kept = state.keep_definition(call.records, where, record.name, text, now)
            document["definition"] = kept
        for member, place in (
            ("PipelineDisplayName", "display_name"),
            ("PipelineDescription", "description"),
            ("RoleArn", "role"),
        ):
            if asked.get(member) is not None:
                document[place] = asked[member]
        if asked.get("ParallelismConfiguration"):
            document["parallel"] = parallel_of(asked)
        call.records.update(record, now=now, document=document)
    return {"PipelineArn": record.document["arn"]}


def _texts_given(call: Call) -> bool:
    """Whether there is a definition. Raises ValidationException when there are two."""
    text = call.input.get("PipelineDefinition")
    place = call.input.get("PipelineDefinitionS3Location")
    if text and place:
        raise ValidationException(
            "Give PipelineDefinition or PipelineDefinitionS3Location, not both."
        )
    if call.input.get("PipelineVersionAliases"):
        raise ValidationException("This version does not support versions of pipelines.")
    return bool(text or place)


def _refuse_versions(call: Call) -> None:
    if call.input.get("PipelineVersionId") or call.input.get("PipelineVersionAlias"):
        raise ValidationException("This version does not support versions of pipelines.")


def _found(call: Call) -> Record:
    name = call.input["PipelineName"]
    return find_pipeline(call.records, call.caller.account, call.caller.region, name)


def _summary(record: Record) -> Answer:
    document = record.document
    told = {"PipelineDescription": document["description"]}
    return {
        "PipelineArn": document["arn"],
        "PipelineName": record.name,
        "PipelineDisplayName": document["display_name"],
        "RoleArn": document["role"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        **{name: value for name, value in told.items() if value},
    }


def _listed(record: Record) -> Answer:
    last = record.document["last_run"]
    return {**_summary(record), **({"LastExecutionTime": last} if last else {})}
