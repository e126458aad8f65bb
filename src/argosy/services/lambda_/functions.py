"""Lambda: functions are made, shown, listed and removed."""

from typing import Any

from argosy.ground.functions import LATEST
from argosy.services.lambda_ import rules, view
from argosy.services.lambda_.configuration import new_config
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
)
from argosy.services.lambda_.finding import (
    change,
    create,
    find,
    function_named,
    get,
    named,
    new_revision,
    page,
    remove,
    version_record,
)
from argosy.services.lambda_.packages import package_type
from argosy.services.lambda_.publishing import publish
from argosy.services.lambda_.roles import check_role
from argosy.services.lambda_.tags import check_tags
from argosy.services.registry import Call, operation
from argosy.state.functions import (
    ALIAS,
    EVENT_INVOKE,
    FUNCTION,
    POLICY,
    URL,
    VERSION,
    part_name,
)
from argosy.state.record import Record

_PARTS = (VERSION, ALIAS, POLICY, EVENT_INVOKE, URL)


@operation("lambda", "CreateFunction")
async def create_function(call: Call) -> dict[str, Any]:
    """Answers when the code is unpacked, or the container engine has the image: the function can
    be invoked at once."""
    name, _ = named(call)
    asked = call.input
    rules.check_name(name)
    rules.check(asked)
    package = package_type(asked)
    package.check_new(call)
    check_role(call, asked["Role"])
    tags = asked.get("Tags") or {}
    check_tags(tags)
    _refuse_taken(call, name)
    config = new_config(call, name, await package.code(call, asked["Code"]))
    with call.records.transaction():
        _refuse_taken(call, name)
        record = create(call, FUNCTION, name, _document(config, tags))
        if asked.get("Publish"):
            return view.numbered(*publish(call, record, ""))
    return view.latest(record)


@operation("lambda", "GetFunction")
def get_function(call: Call) -> dict[str, Any]:
    function, record, version, qualifier = _asked(call)
    config = record.document["config"]
    reserved = function.document["concurrency"]
    return {
        "Configuration": view.configuration(function, record, version, qualifier),
        "Code": package_type(config).location(call, config),
        "Tags": function.document["tags"] or None,
        "Concurrency": (
            None if reserved is None else {"ReservedConcurrentExecutions": int(reserved)}
        ),
    }


@operation("lambda", "GetFunctionConfiguration")
def get_function_configuration(call: Call) -> dict[str, Any]:
    return view.configuration(*_asked(call))


@operation("lambda", "ListFunctions")
def list_functions(call: Call) -> dict[str, Any]:
    """By name; with FunctionVersion ALL each with its published versions behind it."""
    every = call.input.get("FunctionVersion") == "ALL"
    shown: list[dict[str, Any]] = []
    for function in sorted(find(call, FUNCTION), key=lambda one: one.name):
        shown.append(view.latest(function, qualified=every))
        if every:
            found = find(call, VERSION, f"{function.name}:")
            shown += [view.numbered(function, record) for record in found]
    some, marker = page(call, shown)
    return {"Functions": some, "NextMarker": marker}


@operation("lambda", "DeleteFunction")
def delete_function(call: Call) -> dict[str, Any]:
    """The function with its versions, aliases, policies and URLs; or one version."""
    name, qualifier = named(call)
    with call.records.transaction():
        function = function_named(call, name, qualifier)
        if qualifier:
            _delete_version(call, function, qualifier)
        else:
            _delete_whole(call, function)
    return {"StatusCode": 204}


def _asked(call: Call) -> tuple[Record, Record, str, str]:
    """The function, the version's record, its number, and the qualifier that named it."""
    name, qualifier = named(call)
    function = function_named(call, name, qualifier)
    record, version = version_record(call, function, qualifier)
    return function, record, version, qualifier


def _document(config: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    return {
        "id": new_revision(),
        "config": config,
        "runs": new_revision(),
        "revision": new_revision(),
        "next_version": 1,
        "tags": tags,
        "concurrency": None,
        "recursion": "Terminate",
    }


def _refuse_taken(call: Call, name: str) -> None:
    if get(call, FUNCTION, name) is not None:
        raise ResourceConflictException(f"Function already exist: {name}")


def _delete_version(call: Call, function: Record, qualifier: str) -> None:
    if qualifier == LATEST or not qualifier.isdecimal():
        raise InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function."
            if qualifier == LATEST
            else "Deletion of aliases is not currently supported. Use DeleteAlias."
        )
    for alias in find(call, ALIAS, f"{function.name}:"):
        if qualifier in (alias.document["version"], *alias.document["weights"]):
            raise ResourceConflictException(
                f"The version {qualifier} is used by the alias {alias.name.partition(':')[2]}."
            )
    record = get(call, VERSION, part_name(function.name, qualifier))
    if record is not None:
        remove(call, record)
        change(call, function, revision=new_revision())


def _delete_whole(call: Call, function: Record) -> None:
    for kind in _PARTS:
        for record in find(call, kind, f"{function.name}:"):
            remove(call, record)
        own = get(call, kind, function.name)
        if own is not None:
            remove(call, own)
    remove(call, function)
