"""Finds SageMaker's named resources, and says in SageMaker's words when one is not there.

A name is unique whatever its case, because its ARN is lower-cased; it is found only as written.
"""

from argosy.ground.errors import ValidationException
from argosy.ground.names import sagemaker_arn
from argosy.services.registry import Call
from argosy.state.model_packages import MODEL_PACKAGE, MODEL_PACKAGE_GROUP
from argosy.state.monitoring import (
    DATA_QUALITY_DEFINITION,
    MODEL_QUALITY_DEFINITION,
    MONITORING_SCHEDULE,
)
from argosy.state.notebooks import LIFECYCLE, NOTEBOOK
from argosy.state.pipelines import PIPELINE
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.recommendations import RECOMMENDATIONS_JOB
from argosy.state.records import Record
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.transform_jobs import TRANSFORM_JOB
from argosy.state.tuning_jobs import TUNING_JOB

MODEL = "model"
ENDPOINT_CONFIG = "endpoint-config"
ENDPOINT = "endpoint"
COMPONENT = "inference-component"

NOUNS = {
    MODEL: "model",
    ENDPOINT_CONFIG: "endpoint configuration",
    ENDPOINT: "endpoint",
    COMPONENT: "inference component",
    TRANSFORM_JOB: "transform job",
    TRAINING_JOB: "training job",
    PROCESSING_JOB: "processing job",
    RECOMMENDATIONS_JOB: "inference recommendations job",
    MONITORING_SCHEDULE: "monitoring schedule",
    NOTEBOOK: "notebook instance",
    LIFECYCLE: "notebook instance lifecycle config",
    DATA_QUALITY_DEFINITION: "data quality job definition",
    MODEL_QUALITY_DEFINITION: "model quality job definition",
    MODEL_PACKAGE: "model package",
    MODEL_PACKAGE_GROUP: "model package group",
    PIPELINE: "pipeline",
    TUNING_JOB: "hyperparameter tuning job",
}
"""Kind of record, which is also its type in an ARN → what error texts call it."""


def arn_of(call: Call, kind: str, name: str) -> str:
    return sagemaker_arn(call.caller.region, call.caller.account, kind, name)


def find(call: Call, kind: str, name: str) -> Record:
    """The caller's record of that name; raises ValidationException when there is none."""
    record = call.records.get(kind, call.caller.account, call.caller.region, name)
    if record is None:
        raise could_not_find(kind, arn_of(call, kind, name))
    return record


def could_not_find(kind: str, arn: str) -> ValidationException:
    return ValidationException(f'Could not find {NOUNS.get(kind, "resource")} "{arn}".')


def refuse_taken(call: Call, kind: str, name: str) -> None:
    """Raise ValidationException when the name is taken, in whatever case."""
    if call.records.get_any_case(kind, call.caller.account, call.caller.region, name):
        arn = arn_of(call, kind, name)
        raise ValidationException(f'Cannot create already existing {NOUNS[kind]} "{arn}".')
