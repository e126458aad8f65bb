"""Lambda: Invoke. What it returns, a failure included, is the function's answer."""

import base64
import binascii
import json
from typing import Any

from argosy.ground.functions import MAX_ANSWER, FunctionVersion
from argosy.ground.lineage import MOST, onward, passed
from argosy.ground.names import function_arn
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RecursiveInvocationException,
    RequestTooLargeException,
)
from argosy.services.lambda_.finding import named, not_found
from argosy.services.registry import Call, operation
from argosy.state.functions import FUNCTION, resolve
from argosy.state.invocations import MAX_PAYLOAD, Invocations

_LONGEST_CONTEXT = 3583


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)
"""Without the NaN and the infinities that Python's own takes."""


@operation("lambda", "Invoke")
async def invoke(call: Call) -> dict[str, Any]:
    """RequestResponse waits for the function; Event answers when it is durably queued."""
    _refuse(call)
    version = _version(call)
    kind = call.input.get("InvocationType") or "RequestResponse"
    if kind == "DryRun":
        return {"StatusCode": 204}
    payload = call.input.get("Payload") or b"{}"
    if kind == "Event":
        _check_payload(payload, MAX_PAYLOAD)
        await _queue(call, version, payload)
        return {"StatusCode": 202}
    _check_payload(payload, MAX_ANSWER)
    return await _asked(call, version, payload)


@operation("lambda", "InvokeAsync")
async def invoke_async(call: Call) -> dict[str, Any]:
    """The older form of an Event."""
    version = _version(call)
    payload = call.input.get("InvokeArgs") or b"{}"
    _check_payload(payload, MAX_PAYLOAD)
    await _queue(call, version, payload)
    return {"Status": 202}


def _refuse(call: Call) -> None:
    """What only functions have that are not made here."""
    if call.input.get("TenantId"):
        raise InvalidParameterValueException(
            "TenantId is for functions with a TenancyConfig, which are not supported."
        )
    if call.input.get("DurableExecutionName"):
        raise InvalidParameterValueException(
            "DurableExecutionName is for functions with a DurableConfig, which are not supported."
        )


async def _asked(call: Call, version: FunctionVersion, payload: bytes) -> dict[str, Any]:
    _check_loop(call, version)
    invoked = await call.functions.invoke(
        version,
        payload,
        tail=call.input.get("LogType") == "Tail",
        client_context=_client_context(call.input.get("ClientContext")),
        request_id=call.request_id,
        trace=onward(call.trace, _bare(version)),
    )
    return {
        "StatusCode": 200,
        "FunctionError": invoked.error or None,
        "LogResult": base64.b64encode(invoked.log_tail).decode() if invoked.log_tail else None,
        "Payload": invoked.payload,
        "ExecutedVersion": version.version,
    }


async def _queue(call: Call, version: FunctionVersion, payload: bytes) -> None:
    """Returns when the event is on disk; those of one moment share a commit."""

    def add() -> None:
        Invocations(call.records.transactions).add(
            version.account,
            version.region,
            version.invoked_arn,
            payload,
            call.clock.now(),
            request_id=call.request_id,
            trace=call.trace,
        )

    await call.messaging.together.run(add)


def _version(call: Call) -> FunctionVersion:
    """What is to run; raises ResourceNotFoundException."""
    name, qualifier = named(call)
    found = resolve(call.records, call.caller.account, call.caller.region, name, qualifier)
    if found is None:
        arn = function_arn(call.caller.region, call.caller.account, name, qualifier)
        raise not_found(arn)
    return found


def _bare(version: FunctionVersion) -> str:
    return function_arn(version.region, version.account, version.name)


def _check_loop(call: Call, version: FunctionVersion) -> None:
    if passed(call.trace, _bare(version)) < MOST:
        return
    record = call.records.get(FUNCTION, version.account, version.region, version.name)
    if record is None or record.document["recursion"] == "Terminate":
        raise RecursiveInvocationException(
            f"Lambda detected that {version.name} is invoked in a recursive loop; this invocation "
            f"is the {MOST + 1}th of its chain. See PutFunctionRecursionConfig."
        )


def _check_payload(payload: bytes, most: int) -> None:
    if len(payload) > most:
        raise RequestTooLargeException(
            f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        )
    try:
        _JSON.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: {str(error)[:200]}"
        ) from None


def _client_context(given: str | None) -> str:
    """The JSON that the header holds in base64."""
    if not given:
        return ""
    if len(given) > _LONGEST_CONTEXT:
        raise InvalidParameterValueException(
            f"ClientContext has {len(given)} bytes; it may have {_LONGEST_CONTEXT}."
        )
    try:
        text = base64.b64decode(given, validate=True).decode()
        if not isinstance(json.loads(text), dict):
            raise ValueError("not an object")
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object."
        ) from None
    return text
