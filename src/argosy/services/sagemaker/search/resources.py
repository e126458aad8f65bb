"""The resources that can be searched: each is what its own Describe call shows, and its tags."""

from dataclasses import replace
from typing import Any, NamedTuple

from argosy.services import registry
from argosy.services.registry import Call
from argosy.services.sagemaker.tags import tags_of
from argosy.state.records import Record


class Searched(NamedTuple):
    """How one resource is found and shown."""

    kind: str
    """Of its records."""
    describe: str
    """The operation that shows it."""
    member: str
    """That operation's member for which."""
    arn: str
    """The answer's member with its ARN."""
    by_arn: bool = False
    """Whether the record's document has what the operation asks for, as `arn`."""
    within: str = ""
    """The member of a result's entry that has it, where it stands beside others."""


RESOURCES: dict[str, Searched] = {
    "Endpoint": Searched("endpoint", "DescribeEndpoint", "EndpointName", "EndpointArn"),
    "HyperParameterTuningJob": Searched(
        "hyper-parameter-tuning-job",
        "DescribeHyperParameterTuningJob",
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
    ),
    "Model": Searched("model", "DescribeModel", "ModelName", "ModelArn", within="Model"),
    "ModelPackage": Searched(
        "model-package", "DescribeModelPackage", "ModelPackageName", "ModelPackageArn", by_arn=True
    ),
    "ModelPackageGroup": Searched(
        "model-package-group",
        "DescribeModelPackageGroup",
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
    ),
    "Pipeline": Searched("pipeline", "DescribePipeline", "PipelineName", "PipelineArn"),
    "PipelineExecution": Searched(
        "pipeline-execution",
        "DescribePipelineExecution",
        "PipelineExecutionArn",
        "PipelineExecutionArn",
        by_arn=True,
    ),
    "TrainingJob": Searched(
        "training-job", "DescribeTrainingJob", "TrainingJobName", "TrainingJobArn"
    ),
}
"""Member of a search's result → what it is."""


def shown(call: Call, searched: Searched, record: Record) -> dict[str, Any]:
    """The resource as its Describe call shows it, with Tags."""
    describe = registry.find("sagemaker", searched.describe)
    assert describe is not None
    name = record.document["arn"] if searched.by_arn else record.name
    answer = describe(replace(call, operation=searched.describe, input={searched.member: name}))
    assert isinstance(answer, dict)
    return {**answer, "Tags": tags_of(call, answer[searched.arn].lower())}


def offered() -> list[str]:
    """Those whose Describe call there is."""
    return [
        name for name, one in sorted(RESOURCES.items()) if registry.find("sagemaker", one.describe)
    ]
