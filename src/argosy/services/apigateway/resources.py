"""The tree of an API's resources."""

import re
from typing import Any

from argosy.services.apigateway import patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from argosy.services.apigateway.finding import RESOURCE, changing, page, reading
from argosy.services.apigateway.kinds import part_of
from argosy.services.registry import Call, operation
from argosy.state.apis import new_id

_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")
_MOST = 300

Api = dict[str, Any]


@operation("apigateway", "CreateResource")
def create_resource(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        parent = part_of(api["resources"], call.input["parentId"], RESOURCE.called)
        return add_resource(api, parent, call.input["pathPart"])


@operation("apigateway", "GetResource")
def get_resource(call: Call) -> dict[str, Any]:
    return _view(RESOURCE.named(call, reading(call)), "methods" in (call.input.get("embed") or ()))


@operation("apigateway", "GetResources")
def get_resources(call: Call) -> dict[str, Any]:
    embed = "methods" in (call.input.get("embed") or ())
    found = reading(call)["resources"]
    return page(call, {key: _view(one, embed) for key, one in found.items()})


@operation("apigateway", "UpdateResource")
def update_resource(call: Call) -> dict[str, Any]:
    """Another name, or another place in the tree."""
    with changing(call) as api:
        resource = RESOURCE.named(call, api)
        if "parentId" not in resource:
            raise BadRequestException("The root resource cannot be updated")
        rules = {"/pathPart": patches.needed, "/parentId": patches.needed}
        patches.apply(resource, call.input.get("patchOperations"), rules)
        parent = api["resources"].get(resource["parentId"])
        if parent is None or _below(api, resource["id"], parent["id"]):
            raise NotFoundException("Invalid Resource identifier specified")
        others = [one for one in _children(api, parent["id"]) if one["id"] != resource["id"]]
        _check(parent, others, resource["pathPart"])
        _repath(api, resource)
        return _view(resource, False)


@operation("apigateway", "DeleteResource")
def delete_resource(call: Call) -> dict[str, Any]:
    """With everything below it."""
    with changing(call) as api:
        resource = RESOURCE.named(call, api)
        if "parentId" not in resource:
            raise BadRequestException("The root resource cannot be deleted")
        gone = [key for key in api["resources"] if _below(api, resource["id"], key)]
        for key in gone:
            del api["resources"][key]
    return {}


def add_resource(api: Api, parent: dict[str, Any], part: str) -> dict[str, Any]:
    """A new resource below another. Raises BadRequestException, ConflictException."""
    _check(parent, _children(api, parent["id"]), part)
    if len(api["resources"]) >= _MOST:
        raise BadRequestException(f"An API has at most {_MOST} resources.")
    made = {
        "id": new_id(6),
        "parentId": parent["id"],
        "pathPart": part,
        "path": _path(parent, part),
        "resourceMethods": {},
    }
    api["resources"][made["id"]] = made
    return _view(made, False)


def _check(parent: dict[str, Any], siblings: list[dict[str, Any]], part: str) -> None:
    if not _PART.fullmatch(part):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable "
            "and curly braces at the beginning and the end."
        )
    if parent.get("pathPart", "").endswith("+}"):
        raise BadRequestException(
            f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}"
        )
    for one in siblings:
        if one["pathPart"] == part:
            raise ConflictException(
                f"Another resource with the same parent already has this name: {part}"
            )
        if _kind(one["pathPart"]) and _kind(one["pathPart"]) == _kind(part):
            raise BadRequestException(
                f"A sibling ({one['pathPart']}) of this resource already has a variable path part "
                "-- only one is allowed"
            )


def _kind(part: str) -> str:
    """ "" for a fixed part; a parent has one variable at most, and one greedy one."""
    if not part.startswith("{"):
        return ""
    return "greedy" if part.endswith("+}") else "variable"


def _children(api: Api, parent: str) -> list[dict[str, Any]]:
    return [one for one in api["resources"].values() if one.get("parentId") == parent]


def _below(api: Api, top: str, key: str | None) -> bool:
    """Whether a resource is `top` or below it."""
    while key is not None:
        if key == top:
            return True
        key = api["resources"][key].get("parentId")
    return False


def _path(parent: dict[str, Any], part: str) -> str:
    return f"{parent['path'].rstrip('/')}/{part}"


def _repath(api: Api, resource: dict[str, Any]) -> None:
    resource["path"] = _path(api["resources"][resource["parentId"]], resource["pathPart"])
    for child in _children(api, resource["id"]):
        _repath(api, child)


def _view(resource: dict[str, Any], embed: bool) -> dict[str, Any]:
    methods = resource["resourceMethods"]
    shown = {name: one if embed else {} for name, one in methods.items()}
    return {**resource, "resourceMethods": shown or None}
