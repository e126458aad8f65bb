"""What a processing job of any image but Model Monitor's must fulfil beyond botocore's model. Pure.

Source: API reference, ProcessingS3Input, ProcessingS3Output and CreateProcessingJob.
"""

import posixpath
from typing import Any

from argosy.ground.errors import ResourceLimitExceeded, ValidationException
from argosy.runtimes.images import runtime_for
from argosy.services.sagemaker.training_channels import check_uri

_TAKEN = (
    *("bin", "boot", "dev", "etc", "image", "lib", "lib32", "lib64", "libx32", "nix", "proc"),
    *("run", "sbin", "sys", "tmp", "usr", "var"),
)
"""Folders of the root that a container has already."""
_TAKEN_BELOW = ("/opt", "/opt/argosy", "/opt/environment", "/opt/ml", "/opt/program")
_OURS = ("/opt/ml/config", "/opt/ml/output", "/opt/ml/code")


def check_request(asked: dict[str, Any], most_instances: int) -> None:
    """Raises ValidationException, or ResourceLimitExceeded beyond `most_instances`."""
    _check_names("ProcessingInputs", "InputName", asked.get("ProcessingInputs") or ())
    outputs = (asked.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    _check_names("ProcessingOutputConfig.Outputs", "OutputName", outputs)
    for one in asked.get("ProcessingInputs") or ():
        _check_input(f"ProcessingInput '{one['InputName']}'", one)
    for one in outputs:
        _check_output(f"ProcessingOutput '{one['OutputName']}'", one)
    _check_apart(asked, outputs)
    _check_cluster(asked, most_instances)


def check_instances(asked: dict[str, Any]) -> None:
    """Of any image: botocore's model leaves open how many instances of which type.

    Raises ValidationException.
    """
    cluster = asked["ProcessingResources"]["ClusterConfig"]
    if not cluster.get("InstanceCount") or not cluster.get("InstanceType"):
        raise ValidationException(
            "ProcessingResources.ClusterConfig: give InstanceType and an InstanceCount of 1 or "
            "more."
        )


def check_program(asked: dict[str, Any]) -> None:
    """An image of a framework, which is no image of the user's, has no program of its own.

    Raises ValidationException.
    """
    application = asked["AppSpecification"]
    given = application.get("ContainerEntrypoint") or application.get("ContainerArguments")
    if not given and runtime_for(application["ImageUri"]) is not None:
        raise ValidationException(
            "AppSpecification.ContainerEntrypoint: the image "
            f"'{application['ImageUri']}' has no program for processing; name the one to run, for "
            "example python3 and a script of a ProcessingInput."
        )


def _check_cluster(asked: dict[str, Any], most_instances: int) -> None:
    count = asked["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
    if count > most_instances:
        raise ResourceLimitExceeded(
            f"The account-level service limit 'instances of jobs that run at once' is "
            f"{most_instances} Instances, with a request for {count} Instances. It is set by "
            "ARGOSY_JOB_INSTANCES."
        )
    network = asked.get("NetworkConfig") or {}
    if network.get("EnableNetworkIsolation") and count > 1:
        raise ValidationException(
            "EnableNetworkIsolation: several isolated instances cannot reach each other here; use "
            "one instance."
        )


def _check_names(member: str, name: str, entries: Any) -> None:
    names = [one[name] for one in entries]
    if len(set(names)) < len(names):
        raise ValidationException(f"{member}: names must be unique; one is given twice.")


def _check_input(where: str, one: dict[str, Any]) -> None:
    given = one.get("S3Input")
    if given is None:
        raise ValidationException(f"{where}: give its S3Input.")
    check_uri(f"{where}: S3Uri", given["S3Uri"])
    if one.get("AppManaged"):
        return
    _check_path(f"{where}: LocalPath", given.get("LocalPath"))
    if given.get("S3DataType") == "ManifestFile" and given["S3Uri"].endswith("/"):
        raise ValidationException(f"{where}: the manifest '{given['S3Uri']}' is no object.")
    if given.get("S3CompressionType") == "Gzip" and given.get("S3InputMode") != "Pipe":
        raise ValidationException(f"{where}: S3CompressionType Gzip is for Pipe mode only.")


def _check_output(where: str, one: dict[str, Any]) -> None:
    given = one.get("S3Output")
    if given is None:
        raise ValidationException(f"{where}: give its S3Output.")
    check_uri(f"{where}: S3Uri", given["S3Uri"])
    if not one.get("AppManaged"):
        _check_path(f"{where}: LocalPath", given.get("LocalPath"))


def _check_path(member: str, path: str | None) -> None:
    """A folder that the container has not already for something else."""
    plain = posixpath.normpath(path or "")
    first = plain.split("/")[1] if plain.startswith("/") else ""
    is_ours = any(plain == one or plain.startswith(f"{one}/") for one in _OURS)
    if not first or first in _TAKEN or plain in _TAKEN_BELOW or is_ours:
        raise ValidationException(
            f"{member} '{path or ''}' is not a folder of the job's own; give an absolute path, for "
            "example /opt/ml/processing/data."
        )


def _check_apart(asked: dict[str, Any], outputs: Any) -> None:
    """No two inputs in one folder, no input in an output's."""
    inputs = [
        posixpath.normpath(one["S3Input"]["LocalPath"])
        for one in asked.get("ProcessingInputs") or ()
        if not one.get("AppManaged")
    ]
    if len(set(inputs)) < len(inputs):
        raise ValidationException("ProcessingInputs: every input needs a LocalPath of its own.")
    places = {
        posixpath.normpath(one["S3Output"]["LocalPath"])
        for one in outputs
        if not one.get("AppManaged")
    }
    for both in sorted(places & set(inputs)):
        raise ValidationException(f"LocalPath '{both}' is that of an input and of an output.")
