"""What may be asked of CreateModelPackage, beyond botocore's model."""

from typing import Any

from argosy.ground.errors import ValidationException

_KEPT_ELSEWHERE = ("Tags", "ClientToken", "ModelApprovalStatus")


def check_package(asked: dict[str, Any]) -> None:
    """Raises ValidationException naming what to change.

    An approval of a package without versions is left alone: the SDK's register says it of all.
    """
    named, grouped = asked.get("ModelPackageName"), asked.get("ModelPackageGroupName")
    if bool(named) == bool(grouped):
        raise ValidationException(
            "Give ModelPackageGroupName for a version of a group, or ModelPackageName for a "
            "package without versions, and not both."
        )
    if grouped and asked.get("Tags"):
        raise ValidationException(
            "Tags are for packages without versions: a version has those of its model package "
            f"group. Give {grouped} the tags (AddTags)."
        )
    if asked.get("SourceAlgorithmSpecification"):
        raise ValidationException(
            "This version does not support SourceAlgorithmSpecification: give an "
            "InferenceSpecification with the Image and ModelDataUrl."
        )
    if asked.get("ValidationSpecification"):
        raise ValidationException("This version does not support ValidationSpecification.")
    logged = asked.get("ModelPackageRegistrationType") == "Logged"
    if not asked.get("InferenceSpecification") and not logged and not asked.get("SourceUri"):
        raise ValidationException("Give an InferenceSpecification with at least one container.")
    check_specifications(asked)


def check_specifications(asked: dict[str, Any]) -> None:
    """Raises ValidationException for containers that nothing could be made of, or names twice."""
    additional = asked.get("AdditionalInferenceSpecifications") or []
    names = [one["Name"] for one in additional]
    if len(set(names)) < len(names):
        raise ValidationException(
            "Each of AdditionalInferenceSpecifications needs a Name of its own."
        )
    first = asked.get("InferenceSpecification")
    for specification in [*([first] if first else []), *additional]:
        for container in specification["Containers"]:
            _check_container(container)


def _check_container(container: dict[str, Any]) -> None:
    if container.get("ModelDataUrl") and container.get("ModelDataSource"):
        raise ValidationException("Give ModelDataUrl or ModelDataSource, not both.")
    if not container.get("Image"):
        raise ValidationException("A container of a model package needs an Image.")


def kept(asked: dict[str, Any]) -> dict[str, Any]:
    """What is given back as it was asked."""
    given = {name: value for name, value in asked.items() if value is not None}
    return {name: value for name, value in given.items() if name not in _KEPT_ELSEWHERE}
