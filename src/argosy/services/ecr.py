"""ECR: repositories and who may enter them. Images are in `ecr_images`.

Every account has one registry a region, as at AWS. A repository's URI is where this platform
answers, so that what it says can be given to docker, podman and skopeo as it is.
"""

import base64
from typing import Any

from argosy.access import tokens
from argosy.ground.errors import ApiError, InvalidParameterException
from argosy.ground.files import read_json
from argosy.ground.names import repository_arn
from argosy.ground.paths import DataDir
from argosy.oci import repositories
from argosy.services.ecr_finding import found, owner_of, page, refuse_other_registry
from argosy.services.ecr_tags import check_tags, set_tags
from argosy.services.registry import Call, operation
from argosy.state.records import Record

_SCANS = {"scanOnPush": False}


@operation("ecr", "CreateRepository")
def create_repository(call: Call) -> dict[str, Any]:
    refuse_other_registry(call)
    _refuse_ignored(call)
    name, tags = call.input["repositoryName"], call.input.get("tags")
    check_tags(tags or [])
    document = {**_mutability(call), "policy": "", "lifecycle": ""}
    with call.records.transaction():
        record = repositories.create(call.records, owner_of(call), name, document, call.clock.now())
        set_tags(call, _arn(record), tags or [])
    return {"repository": view(call, record)}


@operation("ecr", "DescribeRepositories")
def describe_repositories(call: Call) -> dict[str, Any]:
    """Those that are named, or all by name, in pages."""
    refuse_other_registry(call)
    names = call.input.get("repositoryNames")
    if names:
        records = [repositories.find(call.records, owner_of(call), name) for name in names]
        return {"repositories": [view(call, record) for record in records]}
    records = call.records.find(repositories.KIND, *owner_of(call))
    keyed = [([record.name], view(call, record)) for record in records]
    return page(call, "repositories", keyed)


@operation("ecr", "DeleteRepository")
def delete_repository(call: Call) -> dict[str, Any]:
    """With force its images go too; layers that nobody needs any more are collected later."""
    refuse_other_registry(call)
    name, force = call.input["repositoryName"], bool(call.input.get("force"))
    with call.records.transaction():
        record = repositories.remove(call.records, owner_of(call), name, force=force)
        set_tags(call, _arn(record), [])
    return {"repository": view(call, record)}


@operation("ecr", "PutImageTagMutability")
def put_image_tag_mutability(call: Call) -> dict[str, Any]:
    record = found(call)
    changed = _mutability(call)
    document = {**record.document, **changed}
    call.records.update(record, now=call.clock.now(), document=document)
    return {
        "registryId": record.account,
        "repositoryName": record.name,
        **_mutability_view(document),
    }


@operation("ecr", "GetAuthorizationToken")
def get_authorization_token(call: Call) -> dict[str, Any]:
    """A password for twelve hours, good for the repositories of the region that was asked."""
    ends = int(call.clock.now()) + tokens.LIFETIME_S
    key = read_json(DataDir.at(call.settings.data_dir).credentials) or {}
    if key.get("account_id") != call.caller.account:
        raise AccessKeyMissing(f"Account {call.caller.account} has no access key here.")
    grant = tokens.Grant(key["access_key_id"], call.caller.region, ends)
    token = f"{tokens.USER}:{tokens.make(grant, key['secret_access_key'])}"
    data = {
        "authorizationToken": base64.b64encode(token.encode()).decode(),
        "expiresAt": float(ends),
        "proxyEndpoint": f"{_scheme(call)}://{call.host}",
    }
    return {"authorizationData": [data]}


class AccessKeyMissing(ApiError):
    """The caller's account has no key that a token could be made of."""

    @property
    def code(self) -> str:
        return "ServerException"


def view(call: Call, record: Record) -> dict[str, Any]:
    """A repository as ECR describes it."""
    return {
        "repositoryArn": _arn(record),
        "registryId": record.account,
        "repositoryName": record.name,
        "repositoryUri": f"{call.host}/{record.name}",
        "createdAt": record.created,
        **_mutability_view(record.document),
        "imageScanningConfiguration": _SCANS,
    }


def _arn(record: Record) -> str:
    return repository_arn(record.region, record.account, record.name)


def _scheme(call: Call) -> str:
    return "https" if call.settings.tls_cert else "http"


def _mutability(call: Call) -> dict[str, Any]:
    """Members of the record; raises InvalidParameterException."""
    mutability = call.input.get("imageTagMutability") or "MUTABLE"
    filters = call.input.get("imageTagMutabilityExclusionFilters") or []
    if mutability.endswith("_WITH_EXCLUSION") is not bool(filters):
        raise InvalidParameterException(
            "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy "
            "constraint: 'must be given with MUTABLE_WITH_EXCLUSION and IMMUTABLE_WITH_EXCLUSION, "
            "and only with them'"
        )
    return {"mutability": mutability, "exclusions": [one["filter"] for one in filters]}


def _mutability_view(document: dict[str, Any]) -> dict[str, Any]:
    filters = [{"filterType": "WILDCARD", "filter": one} for one in document["exclusions"]]
    shown = {"imageTagMutability": document["mutability"]}
    return {**shown, "imageTagMutabilityExclusionFilters": filters} if filters else shown


def _refuse_ignored(call: Call) -> None:
    """What would be promised and not kept is refused."""
    if (call.input.get("imageScanningConfiguration") or {}).get("scanOnPush"):
        raise InvalidParameterException(
            "Images are not scanned here: leave scanOnPush out, or set it to false."
        )
    encryption = call.input.get("encryptionConfiguration")
    if encryption is not None:
        raise InvalidParameterException(
            "Repositories have no encryption of their own here: leave encryptionConfiguration "
            "out, and keep the data folder on an encrypted disk."
        )
