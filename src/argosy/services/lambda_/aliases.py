"""Lambda: aliases, each a name for a version, or for two that share its traffic."""

from typing import Any

from argosy.ground.functions import LATEST
from argosy.services.lambda_ import view
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from argosy.services.lambda_.finding import (
    arn_of,
    change,
    check_revision,
    create,
    find,
    function_named,
    get,
    named,
    new_revision,
    not_found,
    page,
    remove,
)
from argosy.services.registry import Call, operation
from argosy.state.functions import ALIAS, EVENT_INVOKE, POLICY, URL, VERSION, part_name
from argosy.state.record import Record

_PARTS = (POLICY, EVENT_INVOKE, URL)


@operation("lambda", "CreateAlias")
def create_alias(call: Call) -> dict[str, Any]:
    asked, (name, _) = call.input, named(call)
    with call.records.transaction():
        function = function_named(call, name)
        if get(call, ALIAS, part_name(name, asked["Name"])) is not None:
            arn = arn_of(call, name, asked["Name"])
            raise ResourceConflictException(f"Alias already exists: {arn}")
        document = {
            "version": asked["FunctionVersion"],
            "weights": _weights(asked),
            "description": asked.get("Description") or "",
            "revision": new_revision(),
        }
        _check(call, function, document)
        return view.alias(create(call, ALIAS, part_name(name, asked["Name"]), document))


@operation("lambda", "UpdateAlias")
def update_alias(call: Call) -> dict[str, Any]:
    """From its commit on, invocations go where the alias says now."""
    asked, (name, _) = call.input, named(call)
    with call.records.transaction():
        record = _alias(call, name)
        check_revision(call, record.document["revision"])
        document = {**record.document, "revision": new_revision()}
        if asked.get("FunctionVersion"):
            document["version"] = asked["FunctionVersion"]
        if asked.get("Description") is not None:
            document["description"] = asked["Description"]
        if asked.get("RoutingConfig") is not None:
            document["weights"] = _weights(asked)
        _check(call, function_named(call, name), document)
        return view.alias(change(call, record, **document))


@operation("lambda", "GetAlias")
def get_alias(call: Call) -> dict[str, Any]:
    return view.alias(_alias(call, named(call)[0]))


@operation("lambda", "ListAliases")
def list_aliases(call: Call) -> dict[str, Any]:
    name, _ = named(call)
    function_named(call, name)
    records = sorted(find(call, ALIAS, f"{name}:"), key=lambda one: one.name)
    version = call.input.get("FunctionVersion")
    wanted = [one for one in records if version in (None, one.document["version"])]
    some, marker = page(call, wanted)
    return {"Aliases": [view.alias(one) for one in some], "NextMarker": marker}


@operation("lambda", "DeleteAlias")
def delete_alias(call: Call) -> dict[str, Any]:
    """With its policy, its configuration of events and its URL; it need not be there."""
    name, _ = named(call)
    with call.records.transaction():
        function_named(call, name)
        place = part_name(name, call.input["Name"])
        for kind in (ALIAS, *_PARTS):
            record = get(call, kind, place)
            if record is not None:
                remove(call, record)
    return {}


def _alias(call: Call, name: str) -> Record:
    record = get(call, ALIAS, part_name(name, call.input["Name"]))
    if record is None:
        arn = arn_of(call, name, call.input["Name"])
        raise ResourceNotFoundException(f"Cannot find alias arn: {arn}")
    return record


def _weights(asked: dict[str, Any]) -> dict[str, float]:
    return dict((asked.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _check(call: Call, function: Record, document: dict[str, Any]) -> None:
    """Raises what is wrong with the versions and their shares."""
    version, weights = document["version"], document["weights"]
    if len(weights) > 1:
        raise InvalidParameterValueException(
            "Number of items in AdditionalVersionWeights cannot be greater than 1"
        )
    if weights and LATEST in (version, *weights):
        raise InvalidParameterValueException("$LATEST is not supported for an alias with weights.")
    if version in weights:
        raise InvalidParameterValueException(
            f"Invalid function version {version}. Function version {version} is already included "
            "in routing configuration."
        )
    if not all(0.0 <= weight <= 1.0 for weight in weights.values()):
        raise InvalidParameterValueException("A weight of an alias is between 0.0 and 1.0.")
    for one in (version, *weights):
        if one != LATEST and get(call, VERSION, part_name(function.name, one)) is None:
            raise not_found(arn_of(call, function.name, one))
