"""What a processing job of Model Monitor's image must fulfil beyond botocore's model. Pure.

Source: what the SageMaker SDK's DefaultModelMonitor sends, and the developer guide's contract of
the container (environment variables, folders).
"""

import json
from datetime import datetime
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.sagemaker.monitoring.rules import check_image, check_s3

_PROBLEMS = ("BinaryClassification", "MulticlassClassification", "Regression")
_FORMATS = ("csv", "json", "parquet", "sagemakerCaptureJson")


def check_request(asked: dict[str, Any]) -> None:
    """Raises ValidationException for a job that cannot be run."""
    check_image(asked["AppSpecification"]["ImageUri"])
    environment = asked.get("Environment") or {}
    _check_format(environment.get("dataset_format"))
    inputs = {
        _path(one["S3Input"].get("LocalPath")): one["S3Input"]["S3Uri"]
        for one in asked.get("ProcessingInputs") or ()
        if one.get("S3Input")
    }
    outputs = (asked.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    places = {
        _path(one["S3Output"].get("LocalPath")): one["S3Output"]["S3Uri"]
        for one in outputs
        if one.get("S3Output")
    }
    for uri in (*inputs.values(), *places.values()):
        check_s3("S3Uri", uri)
    _check_place(environment, "dataset_source", list(inputs), "ProcessingInputs")
    _check_place(environment, "output_path", list(places), "ProcessingOutputConfig")
    for name in ("baseline_constraints", "baseline_statistics", "ground_truth_source"):
        if environment.get(name):
            _check_place(environment, name, list(inputs), "ProcessingInputs")
    for name in ("start_time", "end_time"):
        _check_time(name, environment.get(name))
    if environment.get("analysis_type") == "MODEL_QUALITY":
        _check_quality(environment)


def _check_time(name: str, text: str | None) -> None:
    try:
        if text:
            datetime.fromisoformat(text)
    except ValueError:
        raise ValidationException(
            f"Environment.{name} '{text}' is not a time: write 2026-03-04T15:00:00Z."
        ) from None


def _check_quality(environment: dict[str, str]) -> None:
    if environment.get("problem_type") not in _PROBLEMS:
        raise ValidationException(
            f"Environment.problem_type must be one of {', '.join(_PROBLEMS)}."
        )
    if not (environment.get("inference_attribute") or environment.get("probability_attribute")):
        raise ValidationException(
            "Environment.inference_attribute or probability_attribute must say where a prediction "
            "stands."
        )
    if not (environment.get("ground_truth_attribute") or environment.get("ground_truth_source")):
        raise ValidationException("Environment.ground_truth_attribute must say where the truth is.")
    try:
        float(environment.get("probability_threshold_attribute") or 0)
    except ValueError:
        raise ValidationException(
            "Environment.probability_threshold_attribute must be a number."
        ) from None


def _check_format(text: str | None) -> None:
    try:
        form = json.loads(text or "")
        if isinstance(form, dict) and any(isinstance(form.get(name), dict) for name in _FORMATS):
            return
    except ValueError:
        pass
    raise ValidationException(
        'Environment.dataset_format must say what the dataset is: {"csv": {"header": true}}, '
        '{"json": {"lines": true}}, {"parquet": {}} or {"sagemakerCaptureJson": {}}.'
    )


def _check_place(environment: dict[str, str], name: str, folders: list[str], member: str) -> None:
    """A path of the container must lie in a folder that is filled from S3, or goes there."""
    path = _path(environment.get(name))
    if not path or not any(path == one or path.startswith(f"{one}/") for one in folders):
        raise ValidationException(
            f"Environment.{name} '{path}' is not in any LocalPath of {member}."
        )


def _path(text: str | None) -> str:
    return (text or "").removeprefix("file://").rstrip("/")
