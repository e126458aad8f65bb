"""Lambda: resource policies of functions, statement by statement.

They decide about services, other accounts and function URLs (`state/function_policy.py`); the
account's own keys may invoke every function.
"""

import json
import re
from typing import Any

from argosy.ground.functions import LATEST
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from argosy.services.lambda_.finding import (
    arn_of,
    change,
    check_revision,
    create,
    get,
    missing,
    named_there,
    new_revision,
    remove,
)
from argosy.services.registry import Call, operation
from argosy.state.function_policy import INVOKE, INVOKE_URL
from argosy.state.functions import POLICY, part_name
from argosy.state.record import Record

_LONGEST = 20_480
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_ACTION = re.compile(r"\*|lambda:(?:\*|[A-Za-z]+)")


@operation("lambda", "AddPermission")
def add_permission(call: Call) -> dict[str, Any]:
    """On the function, or on the version or alias that is named: each has a policy of its own."""
    with call.records.transaction():
        name, qualifier = _policy_place(call)
        record = get(call, POLICY, part_name(name, qualifier))
        statements = list(record.document["statements"]) if record else []
        check_revision(call, record.document["revision"] if record else "")
        statement = _statement(call, arn_of(call, name, qualifier))
        check_new(statements, statement["Sid"])
        statements.append(statement)
        if len(policy_text(statements)) > _LONGEST:
            raise PolicyLengthExceededException(
                f"The final policy size is bigger than the limit ({_LONGEST})."
            )
        _write(call, record, part_name(name, qualifier), statements)
    return {"Statement": compact(statement)}


@operation("lambda", "RemovePermission")
def remove_permission(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        name, qualifier = _policy_place(call)
        record = _policy(call, name, qualifier)
        check_revision(call, record.document["revision"])
        kept = without(record.document["statements"], call.input["StatementId"])
        if kept:
            _write(call, record, record.name, kept)
        else:
            remove(call, record)
    return {}


@operation("lambda", "GetPolicy")
def get_policy(call: Call) -> dict[str, Any]:
    record = _policy(call, *_policy_place(call))
    return {
        "Policy": policy_text(record.document["statements"]),
        "RevisionId": record.document["revision"],
    }


def check_new(statements: list[dict[str, Any]], sid: str) -> None:
    """Raises ResourceConflictException."""
    if any(one["Sid"] == sid for one in statements):
        raise ResourceConflictException(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )


def without(statements: list[dict[str, Any]], sid: str) -> list[dict[str, Any]]:
    """All but that one. Raises ResourceNotFoundException."""
    kept = [one for one in statements if one["Sid"] != sid]
    if len(kept) == len(statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.")
    return kept


def policy_text(statements: list[dict[str, Any]]) -> str:
    return compact({"Version": "2012-10-17", "Id": "default", "Statement": statements})


def _policy_place(call: Call) -> tuple[str, str]:
    """Function and qualifier, both there."""
    name, qualifier = named_there(call)
    if qualifier == LATEST:
        raise InvalidParameterValueException(
            "We currently do not support adding policies for $LATEST."
        )
    return name, qualifier


def _policy(call: Call, name: str, qualifier: str) -> Record:
    record = get(call, POLICY, part_name(name, qualifier))
    if record is None:
        raise missing()
    return record


def _write(call: Call, record: Record | None, name: str, statements: list[dict[str, Any]]) -> None:
    document = {"statements": statements, "revision": new_revision()}
    if record is None:
        create(call, POLICY, name, document)
    else:
        change(call, record, **document)


def _statement(call: Call, resource: str) -> dict[str, Any]:
    asked = call.input
    if not _ACTION.fullmatch(asked["Action"]):
        raise InvalidParameterValueException(f"{asked['Action']!r} is no action of Lambda.")
    if asked.get("FunctionUrlAuthType") and asked["Action"] != INVOKE_URL:
        raise InvalidParameterValueException(
            f"FunctionUrlAuthType is only supported for {INVOKE_URL} action"
        )
    if asked.get("InvokedViaFunctionUrl") and asked["Action"] != INVOKE:
        raise InvalidParameterValueException(
            f"InvokedViaFunctionUrl is only supported for {INVOKE} action"
        )
    conditions = _conditions(asked)
    return {
        "Sid": asked["StatementId"],
        "Effect": "Allow",
        "Principal": principal_of(asked["Principal"]),
        "Action": asked["Action"],
        "Resource": resource,
        **({"Condition": conditions} if conditions else {}),
    }


def _conditions(asked: dict[str, Any]) -> dict[str, dict[str, str]]:
    equals = {
        key: asked[member]
        for key, member in (
            ("AWS:SourceAccount", "SourceAccount"),
            ("lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
            ("lambda:EventSourceToken", "EventSourceToken"),
            ("aws:PrincipalOrgID", "PrincipalOrgID"),
        )
        if asked.get(member)
    }
    source = asked.get("SourceArn")
    conditions: dict[str, dict[str, str]] = {"StringEquals": equals} if equals else {}
    if source:
        conditions["ArnLike"] = {"AWS:SourceArn": source}
    if asked.get("InvokedViaFunctionUrl"):
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
    return conditions


def principal_of(principal: str) -> Any:
    if principal == "*":
        return "*"
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    if re.fullmatch(r"\d{12}", principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if re.fullmatch(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.+", principal):
        return {"AWS": principal}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
