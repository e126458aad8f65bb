"""What a training job's members must fulfil together, beyond botocore's model. Pure.

Sources: reference/container-contract.md §6; the API reference of CreateTrainingJob and of Channel.
"""

from typing import Any

from argosy.ground.errors import ResourceLimitExceeded, ValidationException
from argosy.services.sagemaker.training_channels import check_channels, check_uri
from argosy.state import training_jobs as jobs
from argosy.telemetry.patterns import BadPattern
from argosy.telemetry.patterns.numbers import compile_number

MOST_RUNTIME_S = 28 * 86_400


def check_request(asked: dict[str, Any], most_instances: int) -> None:
    """Raises ValidationException, or ResourceLimitExceeded, for a request that cannot be met.

    most_instances: that this machine runs at once (`Settings.job_instances`).
    """
    _check_algorithm(asked["AlgorithmSpecification"])
    _check_resources(asked["ResourceConfig"], most_instances)
    check_channels(asked)
    _check_outputs(asked)
    _check_times(asked)
    _check_warm_pool(asked)
    _check_isolation(asked)


def _check_isolation(asked: dict[str, Any]) -> None:
    """Hosts find each other through this machine's network."""
    if asked.get("EnableNetworkIsolation") and jobs.host_count(asked) > 1:
        raise ValidationException(
            "EnableNetworkIsolation: this version does not support it with several instances."
        )


def check_keep_alive(asked: dict[str, Any]) -> None:
    """Raises ValidationException for a job whose instances cannot be kept."""
    if asked.get("EnableManagedSpotTraining"):
        raise ValidationException(
            "KeepAlivePeriodInSeconds is not supported with EnableManagedSpotTraining: spot "
            "instances are not kept."
        )


def _check_warm_pool(asked: dict[str, Any]) -> None:
    if asked["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        check_keep_alive(asked)


def _check_algorithm(algorithm: dict[str, Any]) -> None:
    if not algorithm.get("TrainingImage"):
        raise ValidationException("AlgorithmSpecification.TrainingImage: name the image to run.")
    names = [one["Name"] for one in algorithm.get("MetricDefinitions") or ()]
    if len(set(names)) < len(names):
        raise ValidationException("MetricDefinitions: names must be unique; one is given twice.")
    for place, one in enumerate(algorithm.get("MetricDefinitions") or ()):
        try:
            compile_number(one["Regex"])
        except BadPattern as error:
            raise ValidationException(
                f"AlgorithmSpecification.MetricDefinitions[{place}].Regex: {error}."
            ) from None


def _check_resources(resources: dict[str, Any], most_instances: int) -> None:
    groups, count = resources.get("InstanceGroups") or [], resources.get("InstanceCount")
    if groups and (count or resources.get("InstanceType")):
        raise ValidationException(
            "ResourceConfig: give InstanceGroups, or InstanceType and InstanceCount; not both."
        )
    if not groups and not (count and resources.get("InstanceType")):
        raise ValidationException(
            "ResourceConfig: give InstanceType and an InstanceCount of 1 or more, or "
            "InstanceGroups."
        )
    _check_groups(groups)
    wanted = count or sum(group["InstanceCount"] for group in groups)
    if wanted > most_instances:
        raise ResourceLimitExceeded(
            f"The account-level service limit 'instances of jobs that run at once' is "
            f"{most_instances} Instances, with a request for {wanted} Instances. It is set by "
            "ARGOSY_JOB_INSTANCES."
        )


def _check_groups(groups: list[dict[str, Any]]) -> None:
    names = [group["InstanceGroupName"] for group in groups]
    if len(set(names)) < len(names):
        raise ValidationException("InstanceGroups: names must be unique; one is given twice.")
    if any(group["InstanceCount"] < 1 for group in groups):
        raise ValidationException("InstanceGroups: InstanceCount must be 1 or more.")


def _check_outputs(asked: dict[str, Any]) -> None:
    check_uri("OutputDataConfig.S3OutputPath", asked["OutputDataConfig"]["S3OutputPath"])
    for member in ("CheckpointConfig", "TensorBoardOutputConfig"):
        given = asked.get(member) or {}
        for name in ("S3Uri", "S3OutputPath"):
            if given.get(name) is not None:
                check_uri(f"{member}.{name}", given[name])
        _check_path(f"{member}.LocalPath", given.get("LocalPath"))


def _check_path(member: str, path: str | None) -> None:
    """Only folders below /opt/ml are the job's own, and not those that have another meaning."""
    if path is None:
        return
    parts = path.strip("/").split("/")
    ours = ("input", "model", "code", "processing")
    inside = parts[:2] == ["opt", "ml"] and len(parts) > 2 and ".." not in parts
    if not path.startswith("/") or not inside or parts[2] in ours:
        raise ValidationException(
            f"{member} '{path}' is not a folder of the job's own: give one below /opt/ml, "
            "for example /opt/ml/checkpoints."
        )


def _check_times(asked: dict[str, Any]) -> None:
    condition = asked.get("StoppingCondition") or {}
    runtime, wait = jobs.most_seconds(asked), condition.get("MaxWaitTimeInSeconds")
    if runtime > MOST_RUNTIME_S:
        raise ValidationException(
            f"MaxRuntimeInSeconds is {runtime:.0f}; it must not be greater than {MOST_RUNTIME_S}."
        )
    if asked.get("EnableManagedSpotTraining"):
        if wait is None or wait < runtime:
            raise ValidationException(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                "MaxRuntimeInSeconds"
            )
    elif wait is not None:
        raise ValidationException(
            "MaxWaitTimeInSeconds is only for managed spot training: give "
            "EnableManagedSpotTraining, too."
        )
