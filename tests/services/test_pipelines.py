"""The API of SageMaker Pipelines; what executions do is tested with control."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.state import pipelines as state
from tests.support.api_client import ApiServer

ROLE = "arn:aws:iam::000000000000:role/Pipes"
STEP = {"Name": "stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
PARAMETER = {"Name": "size", "Type": "Integer", "DefaultValue": 3}
ARN = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/pipe"


def definition(*steps: Any) -> str:
    document = {"Version": "2020-12-01", "Parameters": [PARAMETER], "Steps": list(steps)}
    return json.dumps(document)


def create(sagemaker: Any, name: str = "Pipe", **members: Any) -> None:
    asked = {"PipelineDefinition": definition(STEP), "RoleArn": ROLE, **members}
    sagemaker.create_pipeline(PipelineName=name, **asked)


def start(sagemaker: Any, name: str = "Pipe", **members: Any) -> str:
    started = sagemaker.start_pipeline_execution(PipelineName=name, **members)
    return str(started["PipelineExecutionArn"])


def end(server: ApiServer, arn: str, status: str) -> None:
    """As control would."""
    record = state.find_execution(server.records, "000000000000", "us-east-1", arn)
    server.records.update(record, now=server.clock.now(), status=status)


def test_a_pipeline_is_described_as_it_was_made(sagemaker: Any) -> None:
    tags = [{"Key": "team", "Value": "ml"}]
    create(
        sagemaker,
        PipelineDescription="Trains.",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 2},
        Tags=tags,
    )
    shown = sagemaker.describe_pipeline(PipelineName="Pipe")
    assert shown["PipelineArn"] == ARN
    assert shown["PipelineDefinition"] == definition(STEP)
    assert shown["PipelineStatus"] == "Active"
    assert shown["PipelineDescription"] == "Trains."
    assert shown["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
    assert sagemaker.describe_pipeline(PipelineName=ARN)["PipelineName"] == "Pipe"
    assert sagemaker.list_tags(ResourceArn=ARN)["Tags"] == tags


def test_a_name_is_taken_as_the_sdk_expects(sagemaker: Any, refused: Callable[..., str]) -> None:
    create(sagemaker, ClientRequestToken="a" * 32)
    create(sagemaker, ClientRequestToken="a" * 32)
    message = refused(
        sagemaker.create_pipeline,
        PipelineName="Pipe",
        PipelineDefinition=definition(STEP),
        RoleArn=ROLE,
    )
    assert "already exists" in message


def test_an_update_changes_what_later_executions_do(sagemaker: Any) -> None:
    create(sagemaker)
    before = start(sagemaker)
    other = definition({**STEP, "Name": "other"})
    sagemaker.update_pipeline(PipelineName="Pipe", PipelineDefinition=other)
    after = start(sagemaker)
    texts = [
        sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
        for arn in (before, after)
    ]
    assert [one["PipelineDefinition"] for one in texts] == [definition(STEP), other]


def test_a_definition_that_cannot_be_carried_out_is_refused(
    sagemaker: Any, refused: Callable[..., str]
) -> None:
    asked = {"PipelineName": "Pipe", "RoleArn": ROLE}
    bad = definition({**STEP, "Type": "EMR"})
    message = refused(sagemaker.create_pipeline, PipelineDefinition=bad, **asked)
    assert "this version can carry out Training" in message
    assert "Give PipelineDefinition" in refused(sagemaker.create_pipeline, **asked)


def test_an_execution_begins_with_its_parameters(sagemaker: Any) -> None:
    create(sagemaker)
    given = [{"Name": "size", "Value": "5"}]
    arn = start(sagemaker, PipelineParameters=given, PipelineExecutionDisplayName="first")
    shown = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert arn.startswith(f"{ARN}/execution/")
    assert shown["PipelineExecutionStatus"] == "Executing"
    assert shown["PipelineExecutionDisplayName"] == "first"
    listed = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert listed["PipelineParameters"] == given
    assert "LastRunTime" in sagemaker.describe_pipeline(PipelineName="Pipe")


def test_the_same_token_begins_one_execution(sagemaker: Any) -> None:
    create(sagemaker)
    token = "b" * 32
    first = start(sagemaker, ClientRequestToken=token)
    assert start(sagemaker, ClientRequestToken=token) == first
    listed = sagemaker.list_pipeline_executions(PipelineName="Pipe")
    assert len(listed["PipelineExecutionSummaries"]) == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"PipelineParameters": [{"Name": "weight", "Value": "1"}]}, "Unknown parameters: weight"),
        ({"PipelineParameters": [{"Name": "size", "Value": "big"}]}, "is of Type Integer"),
        ({"PipelineVersionId": 1}, "does not support PipelineVersionId"),
    ],
)
def test_an_execution_that_cannot_begin_is_refused(
    sagemaker: Any, refused: Callable[..., str], members: dict[str, Any], message: str
) -> None:
    create(sagemaker)
    told = refused(sagemaker.start_pipeline_execution, PipelineName="Pipe", **members)
    assert message in told


def test_what_is_not_there_is_not_found(sagemaker: Any, refused: Callable[..., str]) -> None:
    call = sagemaker.describe_pipeline
    assert "does not exist" in refused(call, "ResourceNotFound", PipelineName="none")
    call, arn = sagemaker.describe_pipeline_execution, f"{ARN}/execution/abcdefabcdef"
    assert "does not exist" in refused(call, "ResourceNotFound", PipelineExecutionArn=arn)


def test_executions_are_stopped_retried_and_renamed(
    sagemaker: Any, server: ApiServer, refused: Callable[..., str]
) -> None:
    create(sagemaker)
    arn = start(sagemaker)
    named = {"PipelineExecutionArn": arn}

    def status() -> str:
        shown = sagemaker.describe_pipeline_execution(**named)
        return str(shown["PipelineExecutionStatus"])

    stop = {**named, "ClientRequestToken": "stop-" * 8}
    again = {**named, "ClientRequestToken": "again-" * 8}
    sagemaker.stop_pipeline_execution(**stop)
    assert status() == "Stopping"
    assert "it must be Failed or Stopped" in refused(
        sagemaker.retry_pipeline_execution, "ConflictException", **named
    )
    end(server, arn, "Stopped")
    assert "it must be Executing" in refused(
        sagemaker.stop_pipeline_execution, "ConflictException", **named
    )
    for _ in range(2):  # an answer that was lost, and the same call once more
        sagemaker.stop_pipeline_execution(**stop)
        sagemaker.retry_pipeline_execution(**again)
    assert status() == "Executing"
    sagemaker.update_pipeline_execution(**named, PipelineExecutionDescription="again")
    shown = sagemaker.describe_pipeline_execution(**named)
    assert shown["PipelineExecutionDescription"] == "again"


def test_pipelines_and_executions_are_listed_in_pages(sagemaker: Any, clock: ManualClock) -> None:
    for name in ("one", "two", "three"):
        clock.advance(1)
        create(sagemaker, name)
        start(sagemaker, "one")
    pages = sagemaker.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 2})
    names = [one["PipelineName"] for page in pages for one in page["PipelineSummaries"]]
    assert names == ["three", "two", "one"]
    few = sagemaker.list_pipelines(PipelineNamePrefix="t", SortBy="Name", SortOrder="Ascending")
    assert [one["PipelineName"] for one in few["PipelineSummaries"]] == ["three", "two"]
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(
        PipelineName="one", PaginationConfig={"PageSize": 2}
    )
    assert sum(len(page["PipelineExecutionSummaries"]) for page in pages) == 3


def test_a_pipeline_goes_when_nothing_of_it_runs(
    sagemaker: Any, server: ApiServer, refused: Callable[..., str]
) -> None:
    create(sagemaker)
    arn = start(sagemaker)
    message = refused(sagemaker.delete_pipeline, "ConflictException", PipelineName="Pipe")
    assert "under way" in message
    end(server, arn, "Succeeded")
    sagemaker.delete_pipeline(PipelineName="Pipe")
    assert sagemaker.list_pipelines()["PipelineSummaries"] == []
    refused(sagemaker.describe_pipeline_execution, "ResourceNotFound", PipelineExecutionArn=arn)
    assert not any(server.records.find(kind) for kind in state.OF_PIPELINE)


def test_pipelines_and_executions_can_be_searched(sagemaker: Any) -> None:
    create(sagemaker)
    arn = start(sagemaker)
    found = sagemaker.search(Resource="PipelineExecution")["Results"]
    assert [one["PipelineExecution"]["PipelineExecutionArn"] for one in found] == [arn]
    assert len(sagemaker.search(Resource="Pipeline")["Results"]) == 1


def test_an_answer_to_no_callback_is_refused(sagemaker: Any, refused: Callable[..., str]) -> None:
    call = sagemaker.send_pipeline_execution_step_success
    assert "No callback" in refused(call, "ResourceNotFound", CallbackToken="abcdefghij")
