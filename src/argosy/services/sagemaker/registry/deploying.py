"""Models made of packages: a container that names one becomes the package's containers.

The model keeps a copy, and tells where it comes from by the package's ARN. A version that is not
approved is refused: that is what approval is for.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.registry.finding import found_package
from argosy.state.model_packages import APPROVED, approval_of
from argosy.state.records import Record

_TAKEN = (
    "Image",
    "ContainerHostname",
    "ModelDataUrl",
    "ModelDataSource",
    "AdditionalModelDataSources",
)


def without_packages(call: Call, asked: dict[str, Any]) -> dict[str, Any]:
    """The CreateModel members with every package's containers in its place.

    Raises ValidationException for a package that is not there or not approved.
    """
    primary, several = asked.get("PrimaryContainer"), asked.get("Containers")
    given = [primary] if primary else list(several or [])
    if not any(one.get("ModelPackageName") for one in given):
        return asked
    containers = [made for one in given for made in _expanded(call, one)]
    rest = {k: v for k, v in asked.items() if k not in ("PrimaryContainer", "Containers")}
    if primary and len(containers) == 1:
        return {**rest, "PrimaryContainer": containers[0]}
    return {**rest, "Containers": containers}


def _expanded(call: Call, container: dict[str, Any]) -> list[dict[str, Any]]:
    named = container.get("ModelPackageName")
    if not named:
        return [container]
    if container.get("Image") or container.get("ModelDataUrl"):
        raise ValidationException(
            "A container has a ModelPackageName or an Image and its ModelDataUrl, not both."
        )
    package = found_package(call, named)
    _check_approved(package)
    taken = _containers(package, container.get("InferenceSpecificationName"))
    rest = {k: v for k, v in container.items() if k != "ModelPackageName"}
    return [{**_model_container(one, package), **_without_none(rest, one)} for one in taken]


def _without_none(given: dict[str, Any], packaged: dict[str, Any]) -> dict[str, Any]:
    """What the request adds to the package's container; its environment goes before."""
    members = {name: value for name, value in given.items() if value is not None}
    members.pop("InferenceSpecificationName", None)
    environment = {**(packaged.get("Environment") or {}), **(given.get("Environment") or {})}
    return {**members, **({"Environment": environment} if environment else {})}


def _model_container(container: dict[str, Any], package: Record) -> dict[str, Any]:
    members = {name: container[name] for name in _TAKEN if container.get(name)}
    return {**members, "ModelPackageName": package.document["arn"]}


def _containers(package: Record, wanted: str | None) -> list[dict[str, Any]]:
    asked = package.document["asked"]
    specification = asked.get("InferenceSpecification")
    if wanted:
        additional = asked.get("AdditionalInferenceSpecifications") or []
        specification = next((one for one in additional if one["Name"] == wanted), None)
    if not specification:
        what = f"inference specification {wanted}" if wanted else "InferenceSpecification"
        arn = package.document["arn"]
        raise ValidationException(f"Model package {arn} has no {what} to make a model of.")
    containers: list[dict[str, Any]] = specification["Containers"]
    return containers


def _check_approved(package: Record) -> None:
    """Raises ValidationException for a version that is pending or rejected."""
    approval = approval_of(package.document)
    if package.document["group"] and approval != APPROVED:
        raise ValidationException(
            f"Model package {package.document['arn']} cannot be deployed: its ModelApprovalStatus "
            f"is {approval}, and must be {APPROVED} (UpdateModelPackage)."
        )
