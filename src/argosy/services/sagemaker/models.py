"""Models: a container image, its environment and where its archive lies. Immutable.

CreateModel takes any image but those that this platform's registry should hold and does not; one
that nobody can run shows when an endpoint is made of it.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import MODEL, arn_of, find, refuse_taken
from argosy.services.sagemaker.images import check_images
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.registry.deploying import without_packages
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state.records import Record
from argosy.state.state_changes import announce, announce_removed


@operation("sagemaker", "CreateModel")
def create_model(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["ModelName"], asked.pop("Tags", None)
    check_tags(tags)
    asked = without_packages(call, asked)
    _check_containers(asked)
    refuse_unsupported("CreateModel", asked)
    check_images(call, asked)
    arn = arn_of(call, MODEL, name)
    with call.records.transaction():
        refuse_taken(call, MODEL, name)
        caller, now = call.caller, call.clock.now()
        where = (MODEL, caller.account, caller.region, name)
        record = call.records.create(*where, _filled(asked), now=now)
        set_tags(call, arn, tags)
        announce(call.records, record, now)
    return {"ModelArn": arn}


@operation("sagemaker", "DescribeModel")
def describe_model(call: Call) -> dict[str, Any]:
    record = find(call, MODEL, call.input["ModelName"])
    return {
        **record.document,
        "ModelArn": arn_of(call, MODEL, record.name),
        "CreationTime": record.created,
    }


@operation("sagemaker", "ListModels")
def list_models(call: Call) -> dict[str, Any]:
    page = page_of(call, MODEL)
    return answer("Models", [_summary(call, record) for record in page.records], page)


@operation("sagemaker", "DeleteModel")
def delete_model(call: Call) -> dict[str, Any]:
    """Endpoints that use it go on: they hold a copy."""
    with call.records.transaction():
        record = find(call, MODEL, call.input["ModelName"])
        call.records.delete(MODEL, record.account, record.region, record.name)
        announce_removed(call.records, record, call.clock.now())
        set_tags(call, arn_of(call, MODEL, record.name), None)
    return {}


def _check_containers(asked: dict[str, Any]) -> None:
    primary, several = asked.get("PrimaryContainer"), asked.get("Containers")
    if primary is not None and several:
        raise ValidationException("Give PrimaryContainer or Containers, not both.")
    if primary is None and not several:
        raise ValidationException("Give one of PrimaryContainer and Containers.")
    for container in several or [primary]:
        _check_container(container)
    _check_execution(asked, several or [])


def _check_container(container: dict[str, Any]) -> None:
    if not container.get("Image"):
        raise ValidationException("A container needs an Image.")
    if container.get("ModelDataUrl") and container.get("ModelDataSource"):
        raise ValidationException("Give ModelDataUrl or ModelDataSource, not both.")
    _check_source((container.get("ModelDataSource") or {}).get("S3DataSource"))
    if container.get("Mode") == "MultiModel":
        _check_multi_model(container)
    elif container.get("MultiModelConfig"):
        raise ValidationException("MultiModelConfig is for containers of Mode MultiModel.")


def _check_source(source: dict[str, Any] | None) -> None:
    """The rules for S3ModelDataSource (API reference)."""
    if source is None:
        return
    prefix = source["S3DataType"] == "S3Prefix"
    if prefix and source["CompressionType"] != "None":
        raise ValidationException(
            "CompressionType Gzip is for one object: give S3DataType S3Object, or None for "
            "uncompressed objects below a prefix."
        )
    if prefix != source["S3Uri"].endswith("/"):
        raise ValidationException(
            "S3Uri of a ModelDataSource ends in / when S3DataType is S3Prefix, and does not when "
            "it is S3Object."
        )


def _check_multi_model(container: dict[str, Any]) -> None:
    if container.get("ModelDataSource"):
        raise ValidationException(
            "ModelDataSource is not for containers of Mode MultiModel: give ModelDataUrl, the "
            "S3 prefix that the models lie under."
        )
    if not container.get("ModelDataUrl"):
        raise ValidationException(
            "A container of Mode MultiModel needs ModelDataUrl, the S3 prefix of its models."
        )


def _check_execution(asked: dict[str, Any], containers: list[dict[str, Any]]) -> None:
    """The rules for several containers (reference/multi-model-and-pipelines.md §5)."""
    if asked.get("InferenceExecutionConfig") and not containers:
        raise ValidationException("InferenceExecutionConfig is for models with Containers.")
    direct = (asked.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct"
    given = [one["ContainerHostname"] for one in containers if one.get("ContainerHostname")]
    if len(set(given)) < len(given):
        raise ValidationException("Each ContainerHostname of a model may be given only once.")
    if direct and len(given) < len(containers):
        raise ValidationException("Every container needs a ContainerHostname in Direct mode.")
    if given and len(given) < len(containers):
        raise ValidationException("Give a ContainerHostname to all Containers, or to none.")
    if [one.get("Mode") for one in containers].count("MultiModel") > 1:
        raise ValidationException("At most one container of a model may be of Mode MultiModel.")


def _filled(asked: dict[str, Any]) -> dict[str, Any]:
    """With the values that SageMaker fills in and gives back."""
    filled = {"EnableNetworkIsolation": False, **asked}
    if asked.get("PrimaryContainer") is not None:
        filled["PrimaryContainer"] = _filled_container(asked["PrimaryContainer"])
    if asked.get("Containers"):
        filled["Containers"] = [_filled_container(one) for one in asked["Containers"]]
    return filled


def _filled_container(container: dict[str, Any]) -> dict[str, Any]:
    return {"Mode": "SingleModel", "Environment": {}, **container}


def _summary(call: Call, record: Record) -> dict[str, Any]:
    return {
        "ModelName": record.name,
        "ModelArn": arn_of(call, MODEL, record.name),
        "CreationTime": record.created,
    }
