"""What the references of a step mean: parameters, the execution, other steps, files in S3."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from argosy.control.pipelines.naming import job_name
from argosy.control.pipelines.run import files_of
from argosy.ground.errors import ArgosyError
from argosy.ground.instances import StoreAccess
from argosy.ground.pipelines.errors import Unresolved
from argosy.ground.pipelines.references import Scope, at
from argosy.ground.pipelines.step import Definition, Step
from argosy.objects.client import ObjectStore
from argosy.objects.uri import parse_s3_uri
from argosy.state.records import Record

_LARGEST_FILE = 10 << 20
_PATIENCE_S = 10.0


async def scope_of(
    record: Record, definition: Definition, step: Step, attempt: int, now: float, store: StoreAccess
) -> Scope:
    """Raises Unresolved for a file that cannot be read."""
    document = record.document
    name = job_name(document["id"], step.name, attempt)
    plain = Scope(
        parameters=document["parameters"],
        execution={
            "StartDateTime": _iso(record.created),
            "CurrentDateTime": _iso(now),
            "PipelineName": document["pipeline"],
            "PipelineArn": document["pipeline_arn"],
            "PipelineExecutionId": document["id"],
            "PipelineExecutionArn": document["arn"],
            "TrainingJobName": name,
            "ProcessingJobName": name,
        },
        properties={
            other: one["properties"]
            for other, one in document["steps"].items()
            if one.get("properties") is not None
        },
    )
    wanted = files_of(step, plain)
    if not wanted:
        return plain
    uris = {one: _uri(definition, plain.properties, *one) for one in wanted}
    contents = await asyncio.to_thread(_read_all, store, sorted(set(uris.values())))
    return Scope(
        plain.parameters,
        plain.execution,
        plain.properties,
        lambda source, place: contents[uris[source, place]],
    )


def _uri(
    definition: Definition, properties: Mapping[str, dict[str, Any]], source: str, place: str
) -> str:
    """Where a property file lies. Raises Unresolved."""
    if not source:
        return place
    output, path = definition.steps[source].property_files[place]
    known = properties.get(source)
    if known is None:
        raise Unresolved(f"The property file {place} is not there: {source} has not succeeded.")
    try:
        uri = at(known, f"ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri")
    except LookupError:
        raise Unresolved(f"The step {source} has no output {output} for {place}.") from None
    return f"{str(uri).rstrip('/')}/{path.lstrip('/')}"


def _read_all(store: StoreAccess, uris: list[str]) -> dict[str, Any]:
    """The JSON of objects. Raises Unresolved."""
    objects = ObjectStore(store, patience_s=_PATIENCE_S)
    try:
        return {uri: _read(objects, uri) for uri in uris}
    finally:
        objects.close()


def _read(objects: ObjectStore, uri: str) -> Any:
    try:
        return json.loads(objects.get(parse_s3_uri(uri), _LARGEST_FILE))
    except ArgosyError as error:
        raise Unresolved(f"{uri} cannot be read: {error}") from None
    except (ValueError, RecursionError):
        raise Unresolved(f"{uri} is not valid JSON.") from None


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
