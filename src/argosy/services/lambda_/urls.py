"""Lambda: URLs under which functions answer HTTP (`automation/urls`)."""

import secrets
from typing import Any

from argosy.ground.doors import FUNCTION_URL
from argosy.services.lambda_ import view
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
)
from argosy.services.lambda_.finding import (
    arn_of,
    change,
    create,
    function_named,
    get,
    missing,
    named,
    of_function,
    page,
    remove,
    version_record,
)
from argosy.services.registry import Call, operation
from argosy.state.functions import URL, part_name
from argosy.state.record import Record

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@operation("lambda", "CreateFunctionUrlConfig")
def create_function_url_config(call: Call) -> dict[str, Any]:
    """Of the function or an alias of it."""
    _refuse_streams(call)
    with call.records.transaction():
        name, qualifier = _place(call)
        place = part_name(name, qualifier)
        if get(call, URL, place) is not None:
            arn = arn_of(call, name, qualifier)
            raise ResourceConflictException(
                f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
                "FunctionUrlConfig exists for this Lambda function"
            )
        document = {
            "id": "".join(secrets.choice(_LETTERS) for _ in range(32)),
            "auth": call.input["AuthType"],
            "cors": call.input.get("Cors"),
        }
        return _view(call, create(call, URL, place, document))


@operation("lambda", "UpdateFunctionUrlConfig")
def update_function_url_config(call: Call) -> dict[str, Any]:
    _refuse_streams(call)
    asked = call.input
    with call.records.transaction():
        record = _config(call)
        auth = asked.get("AuthType") or record.document["auth"]
        cors = record.document["cors"] if asked.get("Cors") is None else asked["Cors"]
        return _view(call, change(call, record, auth=auth, cors=cors))


@operation("lambda", "GetFunctionUrlConfig")
def get_function_url_config(call: Call) -> dict[str, Any]:
    return _view(call, _config(call))


@operation("lambda", "ListFunctionUrlConfigs")
def list_function_url_configs(call: Call) -> dict[str, Any]:
    some, marker = page(call, of_function(call, URL))
    return {"FunctionUrlConfigs": [_view(call, one) for one in some], "NextMarker": marker}


@operation("lambda", "DeleteFunctionUrlConfig")
def delete_function_url_config(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        remove(call, _config(call))
    return {}


def _refuse_streams(call: Call) -> None:
    if call.input.get("InvokeMode") == "RESPONSE_STREAM":
        raise InvalidParameterValueException(
            "Functions answer whole: InvokeMode RESPONSE_STREAM is not supported, use BUFFERED."
        )


def _place(call: Call) -> tuple[str, str]:
    """Function and alias, both there."""
    name, qualifier = named(call)
    if qualifier.isdecimal() or qualifier.startswith("$"):
        raise InvalidParameterValueException(
            "A URL is of a function or of an alias, not of a version."
        )
    version_record(call, function_named(call, name, qualifier), qualifier)
    return name, qualifier


def _config(call: Call) -> Record:
    name, qualifier = _place(call)
    record = get(call, URL, part_name(name, qualifier))
    if record is None:
        raise missing()
    return record


def _view(call: Call, record: Record) -> dict[str, Any]:
    name, _, qualifier = record.name.partition(":")
    return {
        "FunctionUrl": f"{call.base}{FUNCTION_URL}{record.document['id']}/",
        "FunctionArn": arn_of(call, name, qualifier),
        "AuthType": record.document["auth"],
        "Cors": record.document["cors"],
        "CreationTime": view.timestamp(record.created),
        "LastModifiedTime": view.timestamp(record.modified),
        "InvokeMode": "BUFFERED",
    }
