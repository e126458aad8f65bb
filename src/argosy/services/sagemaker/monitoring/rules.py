"""What a monitoring job must fulfil beyond botocore's model. Pure.

Sources: the API reference of CreateMonitoringSchedule and ScheduleConfig.
"""

import re
from typing import Any

from argosy.ground import durations, schedules
from argosy.ground.errors import ValidationException
from argosy.state.monitoring import NOW
from argosy.state.processing_jobs import ANALYZER, is_analysis

_ONCE_AN_HOUR = re.compile(r"cron\(\s*[0-9]{1,2}\s.*\)")
_OFFSETS = ("StartTimeOffset", "EndTimeOffset")


def check_image(image: str) -> None:
    """Raises ValidationException for any image but Model Monitor's own."""
    if not is_analysis(image):
        raise ValidationException(
            f"'{image}' cannot be run: this version runs processing jobs and monitoring of the "
            f"image {ANALYZER} only."
        )


def check_s3(member: str, uri: str | None) -> None:
    if uri and not uri.startswith("s3://"):
        raise ValidationException(f"{member}: '{uri}' is not an S3 URI; give s3://bucket/key.")


def check_input(member: str, endpoint_input: dict[str, Any]) -> None:
    """An EndpointInput's window; raises ValidationException."""
    start, end = (_duration(member, endpoint_input, name) for name in _OFFSETS)
    if start is not None and start >= (end or 0.0):
        raise ValidationException(f"{member}: StartTimeOffset must be before EndTimeOffset.")


def check_baseline(member: str, baseline: dict[str, Any] | None) -> None:
    for name in ("ConstraintsResource", "StatisticsResource"):
        check_s3(f"{member}.{name}.S3Uri", ((baseline or {}).get(name) or {}).get("S3Uri"))


def check_outputs(member: str, config: dict[str, Any]) -> None:
    outputs = config["MonitoringOutputs"]
    if len(outputs) != 1:
        raise ValidationException(f"{member}.MonitoringOutputs: give exactly one output.")
    check_s3(f"{member}.MonitoringOutputs[0].S3Output.S3Uri", outputs[0]["S3Output"]["S3Uri"])


def check_schedule(config: dict[str, Any] | None) -> None:
    """A ScheduleConfig; raises ValidationException."""
    if not config:
        return
    expression = config["ScheduleExpression"]
    if expression == NOW:
        _check_once(config)
        return
    if not _ONCE_AN_HOUR.fullmatch(expression):
        raise ValidationException(
            f"ScheduleExpression '{expression}' is not supported: give NOW, or a cron expression "
            "that runs once an hour at most, for example cron(0 * ? * * *)."
        )
    try:
        schedules.parse(expression)
    except schedules.BadSchedule as error:
        raise ValidationException(f"ScheduleExpression: {error}") from None


def _check_once(config: dict[str, Any]) -> None:
    names = ("DataAnalysisStartTime", "DataAnalysisEndTime")
    start, end = (_duration("ScheduleConfig", config, name) for name in names)
    if start is None or end is None:
        raise ValidationException(
            "ScheduleExpression NOW needs DataAnalysisStartTime and DataAnalysisEndTime."
        )
    if start >= end:
        raise ValidationException("DataAnalysisStartTime must be before DataAnalysisEndTime.")


def _duration(member: str, values: dict[str, Any], name: str) -> float | None:
    if values.get(name) is None:
        return None
    try:
        return durations.parse(values[name])
    except durations.BadDuration as error:
        raise ValidationException(f"{member}.{name}: {error}") from None


def check_quality(asked: dict[str, Any]) -> None:
    """What a model quality job must say of predictions and truth; raises ValidationException."""
    if not asked["ModelQualityAppSpecification"].get("ProblemType"):
        raise ValidationException("ModelQualityAppSpecification.ProblemType must be given.")
    given = asked["ModelQualityJobInput"]["EndpointInput"]
    if not given.get("InferenceAttribute") and not given.get("ProbabilityAttribute"):
        raise ValidationException(
            "ModelQualityJobInput.EndpointInput: give InferenceAttribute or ProbabilityAttribute: "
            "where in an answer the prediction stands."
        )
    uri = asked["ModelQualityJobInput"]["GroundTruthS3Input"].get("S3Uri")
    if not uri:
        raise ValidationException("ModelQualityJobInput.GroundTruthS3Input.S3Uri must be given.")
    check_s3("ModelQualityJobInput.GroundTruthS3Input.S3Uri", uri)
