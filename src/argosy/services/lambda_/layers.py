"""Lambda: layers, published version by version, and who may use them.

A layer's numbers only rise, also after its newest version is gone: its record keeps the next one.
"""

import re
from typing import Any

from argosy.ground.doors import FUNCTION_URL
from argosy.services.lambda_ import code, view
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from argosy.services.lambda_.finding import (
    change,
    check_revision,
    create,
    find,
    get,
    missing,
    new_revision,
    number_of,
    page,
    remove,
)
from argosy.services.lambda_.layer_finding import layer_arn, layer_of_arn, version_arn
from argosy.services.lambda_.permissions import (
    check_new,
    compact,
    policy_text,
    principal_of,
    without,
)
from argosy.services.registry import Call, operation
from argosy.state.function_links import link_path
from argosy.state.functions import LAYER, LAYER_VERSION
from argosy.state.record import Record

_NAME = re.compile(r"(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:)?([A-Za-z0-9_-]{1,140})")
_TOLD = ("Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")


@operation("lambda", "PublishLayerVersion")
async def publish_layer_version(call: Call) -> dict[str, Any]:
    """Answers when the layer is unpacked."""
    asked, name = call.input, _name(call)
    package = await code.taken(call, asked["Content"])
    with call.records.transaction():
        layer = get(call, LAYER, name) or create(call, LAYER, name, {"next": 1})
        number = layer.document["next"]
        change(call, layer, next=number + 1)
        document = {
            **{member: asked[member] for member in _TOLD if asked.get(member) is not None},
            "code": package.digest,
            "size": package.size,
            "unpacked": package.unpacked,
            "statements": [],
            "revision": new_revision(),
        }
        return _whole(call, create(call, LAYER_VERSION, f"{name}:{number}", document))


@operation("lambda", "GetLayerVersion")
def get_layer_version(call: Call) -> dict[str, Any]:
    return _whole(call, _version(call))


@operation("lambda", "GetLayerVersionByArn")
def get_layer_version_by_arn(call: Call) -> dict[str, Any]:
    record = layer_of_arn(call, call.input["Arn"])
    if record is None:
        raise missing()
    return _whole(call, record)


@operation("lambda", "ListLayerVersions")
def list_layer_versions(call: Call) -> dict[str, Any]:
    """The newest first."""
    some, marker = page(call, [one for one in _versions(call, _name(call)) if _fits(call, one)])
    return {"LayerVersions": [_brief(one) for one in some], "NextMarker": marker}


@operation("lambda", "ListLayers")
def list_layers(call: Call) -> dict[str, Any]:
    """Each with its newest version, those without any left out."""
    shown = []
    for layer in sorted(find(call, LAYER), key=lambda one: one.name):
        fitting = [one for one in _versions(call, layer.name) if _fits(call, one)]
        if fitting:
            shown.append(
                {
                    "LayerName": layer.name,
                    "LayerArn": layer_arn(layer.region, layer.account, layer.name),
                    "LatestMatchingVersion": _brief(fitting[0]),
                }
            )
    some, marker = page(call, shown)
    return {"Layers": some, "NextMarker": marker}


@operation("lambda", "DeleteLayerVersion")
def delete_layer_version(call: Call) -> dict[str, Any]:
    """Functions that use it go on; it need not be there."""
    record = get(call, LAYER_VERSION, f"{_name(call)}:{call.input['VersionNumber']}")
    if record is not None:
        remove(call, record)
    return {}


@operation("lambda", "AddLayerVersionPermission")
def add_layer_version_permission(call: Call) -> dict[str, Any]:
    asked = call.input
    with call.records.transaction():
        record = _version(call)
        check_revision(call, record.document["revision"])
        statements = record.document["statements"]
        check_new(statements, asked["StatementId"])
        statement = {
            "Sid": asked["StatementId"],
            "Effect": "Allow",
            "Principal": principal_of(asked["Principal"]),
            "Action": asked["Action"],
            "Resource": version_arn(record),
        }
        if asked.get("OrganizationId"):
            equals = {"aws:PrincipalOrgID": asked["OrganizationId"]}
            statement["Condition"] = {"StringEquals": equals}
        changed = change(call, record, statements=[*statements, statement], revision=new_revision())
    return {"Statement": compact(statement), "RevisionId": changed.document["revision"]}


@operation("lambda", "RemoveLayerVersionPermission")
def remove_layer_version_permission(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _version(call)
        check_revision(call, record.document["revision"])
        kept = without(record.document["statements"], call.input["StatementId"])
        change(call, record, statements=kept, revision=new_revision())
    return {}


@operation("lambda", "GetLayerVersionPolicy")
def get_layer_version_policy(call: Call) -> dict[str, Any]:
    document = _version(call).document
    if not document["statements"]:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    return {"Policy": policy_text(document["statements"]), "RevisionId": document["revision"]}


def _name(call: Call) -> str:
    found = _NAME.fullmatch(call.input["LayerName"])
    if found is None:
        raise InvalidParameterValueException(f"{call.input['LayerName']!r} is no layer's name.")
    return found[1]


def _version(call: Call) -> Record:
    record = get(call, LAYER_VERSION, f"{_name(call)}:{call.input['VersionNumber']}")
    if record is None:
        raise missing()
    return record


def _versions(call: Call, name: str) -> list[Record]:
    """The newest first."""
    return sorted(find(call, LAYER_VERSION, f"{name}:"), key=number_of, reverse=True)


def _fits(call: Call, record: Record) -> bool:
    """Whether it says that it goes with the runtime and the architecture that are asked for."""
    for asked, told in (
        ("CompatibleRuntime", "CompatibleRuntimes"),
        ("CompatibleArchitecture", "CompatibleArchitectures"),
    ):
        wanted = call.input.get(asked)
        if wanted and wanted not in (record.document.get(told) or ()):
            return False
    return True


def _brief(record: Record) -> dict[str, Any]:
    return {
        **record.document,
        "LayerVersionArn": version_arn(record),
        "Version": number_of(record),
        "CreatedDate": view.timestamp(record.created),
    }


def _whole(call: Call, record: Record) -> dict[str, Any]:
    document = record.document
    path = link_path(call.records, document["code"], call.clock.now())
    return {
        **_brief(record),
        "LayerArn": version_arn(record).rpartition(":")[0],
        "Content": {
            "Location": f"{call.base}{FUNCTION_URL}{path}",
            "CodeSha256": code.code_sha256(document["code"]),
            "CodeSize": document["size"],
        },
    }
