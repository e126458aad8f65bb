"""What steps of each type make in SageMaker: which calls begin, show and stop it."""

from typing import NamedTuple

from argosy.control.pipelines.naming import LONGEST, SHORT
from argosy.ground.pipelines import step as steps


class Job(NamedTuple):
    """A step that is a job of its own, or a thing that is made at once."""

    create: str
    describe: str
    stop: str
    """"" for what is there at once."""
    name: str
    """Member with its name."""
    arn: str
    """Member of the answer with its ARN."""
    status: str
    """Member of what Describe shows; "" for what is there at once."""
    metadata: str
    """Member of a step's Metadata."""
    longest: int = LONGEST
    """Characters of its name."""


JOBS: dict[str, Job] = {
    steps.TRAINING: Job(
        "CreateTrainingJob",
        "DescribeTrainingJob",
        "StopTrainingJob",
        "TrainingJobName",
        "TrainingJobArn",
        "TrainingJobStatus",
        "TrainingJob",
    ),
    steps.PROCESSING: Job(
        "CreateProcessingJob",
        "DescribeProcessingJob",
        "StopProcessingJob",
        "ProcessingJobName",
        "ProcessingJobArn",
        "ProcessingJobStatus",
        "ProcessingJob",
    ),
    steps.TRANSFORM: Job(
        "CreateTransformJob",
        "DescribeTransformJob",
        "StopTransformJob",
        "TransformJobName",
        "TransformJobArn",
        "TransformJobStatus",
        "TransformJob",
    ),
    steps.TUNING: Job(
        "CreateHyperParameterTuningJob",
        "DescribeHyperParameterTuningJob",
        "StopHyperParameterTuningJob",
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "TuningJob",
        SHORT,
    ),
    steps.MODEL: Job("CreateModel", "DescribeModel", "", "ModelName", "ModelArn", "", "Model"),
    steps.REGISTER: Job(
        "CreateModelPackage",
        "DescribeModelPackage",
        "",
        "ModelPackageName",
        "ModelPackageArn",
        "",
        "RegisterModel",
    ),
}
