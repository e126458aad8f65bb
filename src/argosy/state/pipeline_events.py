"""Tells the event outbox how executions of pipelines and their steps go on, in EventBridge's words.

Written in the transaction of the change. Source: the developer guide's page on EventBridge events.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from argosy.state.events import EventOutbox
from argosy.state.record import Record
from argosy.state.records import Records

SOURCE = "aws.sagemaker"
EXECUTION_CHANGED = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGED = "SageMaker Model Building Pipeline Execution Step Status Change"


def tell_execution(records: Records, record: Record, now: float, before: str) -> None:
    """An execution has another status than `before` ("" when it is new)."""
    document = record.document
    detail = {
        **_which(document),
        "pipelineExecutionDisplayName": document["display_name"],
        "pipelineExecutionDescription": document["description"],
        "previousPipelineExecutionStatus": before,
        "currentPipelineExecutionStatus": record.status,
        "executionStartTime": _iso(record.created),
        "executionEndTime": _iso(document.get("ended")),
    }
    _tell(records, record, EXECUTION_CHANGED, detail, now)


def tell_step(
    records: Records,
    record: Record,
    name: str,
    kind: str,
    state: Mapping[str, Any],
    now: float,
    before: str,
) -> None:
    """A step has another status than `before` ("" when it has just begun)."""
    detail = {
        **_which(record.document),
        "stepName": name,
        "stepType": kind,
        "previousStepStatus": before,
        "currentStepStatus": state["status"],
        "stepStartTime": _iso(state.get("started")),
        "stepEndTime": _iso(state.get("ended")),
        "failureReason": state.get("failure"),
        "metadata": _camel(state.get("metadata") or {}),
        "cacheHitResult": {"sourcePipelineExecutionArn": state["cached"]}
        if state.get("cached")
        else None,
    }
    _tell(records, record, STEP_CHANGED, detail, now)


def _which(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        "pipelineArn": document["pipeline_arn"],
        "pipelineExecutionArn": document["arn"],
    }


def _tell(
    records: Records, record: Record, kind: str, detail: Mapping[str, Any], now: float
) -> None:
    told = {name: value for name, value in detail.items() if value not in (None, "")}
    arns = [record.document["pipeline_arn"], record.document["arn"]]
    outbox = EventOutbox(records.transactions)
    outbox.add(record.account, record.region, SOURCE, kind, arns, told, now)


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _camel(value: Any) -> Any:
    """Members of the API's answers as events write them."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_camel(inner) for inner in value]
    return value
