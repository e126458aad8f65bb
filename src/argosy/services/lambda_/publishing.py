"""Lambda: versions are published and listed."""

from typing import Any

from argosy.services.lambda_ import view
from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.lambda_.finding import (
    change,
    check_revision,
    create,
    find,
    function_named,
    get,
    named,
    new_revision,
    number_of,
    page,
)
from argosy.services.registry import Call, operation
from argosy.state.functions import VERSION, part_name
from argosy.state.record import Record


@operation("lambda", "PublishVersion")
def publish_version(call: Call) -> dict[str, Any]:
    """Nothing changed since the newest version: that one is answered, and none is made."""
    name, _ = named(call)
    with call.records.transaction():
        function = function_named(call, name)
        check_revision(call, function.document["revision"])
        told = call.input.get("CodeSha256")
        actual = function.document["config"]["CodeSha256"]
        if told and told != actual:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({told}) is different from current CodeSHA256 in $LATEST ({actual}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        return view.numbered(*publish(call, function, call.input.get("Description") or ""))


@operation("lambda", "ListVersionsByFunction")
def list_versions_by_function(call: Call) -> dict[str, Any]:
    """$LATEST first, then by number."""
    name, _ = named(call)
    function = function_named(call, name)
    records = sorted(find(call, VERSION, f"{name}:"), key=number_of)
    shown = [view.latest(function, qualified=True)]
    shown += [view.numbered(function, record) for record in records]
    some, marker = page(call, shown)
    return {"Versions": some, "NextMarker": marker}


def publish(call: Call, function: Record, description: str) -> tuple[Record, Record]:
    """The function and its newest version, made now if anything changed since the last one.

    Within a transaction.
    """
    number = function.document["next_version"]
    last = get(call, VERSION, part_name(function.name, str(number - 1)))
    if last is not None and last.document["of"] == function.document["runs"]:
        return function, last
    config = dict(function.document["config"])
    if description:
        config["Description"] = description
    document = {
        "config": config,
        "of": function.document["runs"],
        "runs": function.document["runs"],
        "revision": new_revision(),
    }
    made = create(call, VERSION, part_name(function.name, str(number)), document)
    function = change(call, function, next_version=number + 1, revision=new_revision())
    return function, made
