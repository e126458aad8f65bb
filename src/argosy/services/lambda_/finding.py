"""What the calls of Lambda share: the function that is meant, its parts, and pages of lists."""

import base64
import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from argosy.ground.functions import LATEST
from argosy.ground.names import function_arn
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceNotFoundException,
)
from argosy.services.registry import Call
from argosy.state.functions import ALIAS, FUNCTION, VERSION, parse_name, part_name
from argosy.state.record import Record

T = TypeVar("T")


def named(call: Call) -> tuple[str, str]:
    """The function's name and the qualifier ("" for none) that the call says.

    Raises InvalidParameterValueException where name and Qualifier do not agree, and
    ResourceNotFoundException for another account's or region's function.
    """
    said = parse_name(call.input["FunctionName"])
    if said is None:
        raise InvalidParameterValueException(f"{call.input['FunctionName']!r} is no function name.")
    asked = call.input.get("Qualifier") or ""
    if asked and said.qualifier and asked != said.qualifier:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    caller = call.caller
    if (said.account or caller.account) != caller.account or (
        said.region or caller.region
    ) != caller.region:
        raise not_found(call.input["FunctionName"])
    return said.name, asked or said.qualifier


def unqualified(call: Call) -> str:
    """The function's name, of a call that changes what has no versions: the function as it is now.

    Raises InvalidParameterValueException where a version or an alias is said, and as `named`.
    """
    name, qualifier = named(call)
    if qualifier not in ("", LATEST):
        raise InvalidParameterValueException(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
    return name


def arn_of(call: Call, name: str, qualifier: str = "") -> str:
    return function_arn(call.caller.region, call.caller.account, name, qualifier)


def not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {arn}")


def missing() -> ResourceNotFoundException:
    """For what has no text of its own."""
    return ResourceNotFoundException("The resource you requested does not exist.")


def get(call: Call, kind: str, name: str) -> Record | None:
    """A record of this account and region."""
    return call.records.get(kind, call.caller.account, call.caller.region, name)


def find(call: Call, kind: str, prefix: str = "") -> list[Record]:
    """Records of this account and region, oldest first."""
    return call.records.find(kind, call.caller.account, call.caller.region, prefix=prefix)


def create(call: Call, kind: str, name: str, document: dict[str, Any]) -> Record:
    """Raises AlreadyThere."""
    place = call.caller.account, call.caller.region
    return call.records.create(kind, *place, name, document, now=call.clock.now())


def change(call: Call, record: Record, **members: Any) -> Record:
    """Write a record with some members of its document replaced. Raises Stale."""
    document = {**record.document, **members}
    return call.records.update(record, now=call.clock.now(), document=document)


def remove(call: Call, record: Record) -> None:
    call.records.delete(record.kind, record.account, record.region, record.name)


def function_named(call: Call, name: str, qualifier: str = "") -> Record:
    """The function's record. Raises ResourceNotFoundException; `qualifier` is for its text."""
    record = get(call, FUNCTION, name)
    if record is None:
        raise not_found(arn_of(call, name, qualifier))
    return record


def of_function(call: Call, kind: str) -> list[Record]:
    """What the function that the call names has of a kind: its own, then its qualifiers', oldest
    first. Raises what `named` and `function_named` raise."""
    name, _ = named(call)
    function_named(call, name)
    own = get(call, kind, name)
    return [*([own] if own else []), *find(call, kind, f"{name}:")]


def number_of(record: Record) -> int:
    """Of a version of a function or of a layer: their names end in it."""
    return int(record.name.partition(":")[2])


def version_record(call: Call, function: Record, qualifier: str) -> tuple[Record, str]:
    """What a qualifier names, an alias's main version included, and the version's number.

    Raises ResourceNotFoundException.
    """
    if qualifier in ("", LATEST):
        return function, LATEST
    version = qualifier
    if not qualifier.isdecimal():
        alias = get(call, ALIAS, part_name(function.name, qualifier))
        if alias is None:
            raise not_found(arn_of(call, function.name, qualifier))
        version = alias.document["version"]
        if version == LATEST:
            return function, LATEST
    record = get(call, VERSION, part_name(function.name, version))
    if record is None:
        raise not_found(arn_of(call, function.name, qualifier))
    return record, version


def named_there(call: Call) -> tuple[str, str]:
    """As `named`: function and qualifier, both there. Raises ResourceNotFoundException, too."""
    name, qualifier = named(call)
    version_record(call, function_named(call, name, qualifier), qualifier)
    return name, qualifier


def check_revision(call: Call, revision: str) -> None:
    """Raises PreconditionFailedException when RevisionId is given and another."""
    asked = call.input.get("RevisionId")
    if asked and asked != revision:
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id"
        )


def new_revision() -> str:
    return str(uuid.uuid4())


def page(call: Call, items: Sequence[T], most: int = 50) -> tuple[Sequence[T], str | None]:
    """MaxItems of a list from Marker on, and the next marker; None at the end.

    Raises InvalidParameterValueException for a marker that was not given out.
    """
    start = _place(call.input.get("Marker"))
    limit = min(call.input.get("MaxItems") or most, most)
    end = start + limit
    marker = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], marker


def _place(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(marker).decode("ascii")[:12]))
    except ValueError:
        raise InvalidParameterValueException("The Marker is not one that was given out.") from None
