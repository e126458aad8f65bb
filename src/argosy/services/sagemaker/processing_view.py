"""A processing job's request with the values that SageMaker fills in and gives back. Pure.

Source: API reference, ProcessingS3Input; what DescribeProcessingJob answers.
"""

from typing import Any

from argosy.services.members import without_none
from argosy.state.processing_jobs import DEFAULT_RUNTIME_S

_INPUT = {"S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}


def filled(asked: dict[str, Any]) -> dict[str, Any]:
    """The members of the request, for DescribeProcessingJob."""
    body = without_none(asked)
    condition = without_none(asked.get("StoppingCondition") or {})
    body["StoppingCondition"] = {"MaxRuntimeInSeconds": DEFAULT_RUNTIME_S, **condition}
    if body.get("ProcessingInputs"):
        body["ProcessingInputs"] = [_input(one) for one in body["ProcessingInputs"]]
    outputs = body.get("ProcessingOutputConfig")
    if outputs:
        shown = [{"AppManaged": False, **without_none(one)} for one in outputs.get("Outputs") or ()]
        body["ProcessingOutputConfig"] = {**outputs, "Outputs": shown}
    return body


def _input(one: dict[str, Any]) -> dict[str, Any]:
    shown = {"AppManaged": False, **without_none(one)}
    if shown.get("S3Input"):
        shown["S3Input"] = {**_INPUT, **without_none(shown["S3Input"])}
    return shown
