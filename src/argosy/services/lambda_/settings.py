"""Lambda: what is set for a function beside its configuration, and for the account."""

from typing import Any

from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.lambda_.finding import (
    arn_of,
    change,
    find,
    function_named,
    named,
    new_revision,
    unqualified,
)
from argosy.services.registry import Call, operation
from argosy.state.functions import FUNCTION
from argosy.state.record import Record

UNRESERVED = 100
"""Of the invocations of an account at once, those that stay for functions without reservation; a
tenth where there are fewer than 1,000."""
_STORAGE = 75 << 30


@operation("lambda", "PutFunctionConcurrency")
def put_function_concurrency(call: Call) -> dict[str, Any]:
    count = call.input["ReservedConcurrentExecutions"]
    with call.records.transaction():
        function = _function(call)
        others = sum(_reserved(one) for one in find(call, FUNCTION) if one.name != function.name)
        limit = call.settings.function_concurrency
        unreserved = min(UNRESERVED, limit // 10)
        if others + count > limit - unreserved:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{unreserved}]."
            )
        change(call, function, concurrency=count, revision=new_revision())
    return {"ReservedConcurrentExecutions": count}


@operation("lambda", "GetFunctionConcurrency")
def get_function_concurrency(call: Call) -> dict[str, Any]:
    return {"ReservedConcurrentExecutions": _function(call).document["concurrency"]}


@operation("lambda", "DeleteFunctionConcurrency")
def delete_function_concurrency(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        change(call, _function(call), concurrency=None, revision=new_revision())
    return {}


@operation("lambda", "PutFunctionRecursionConfig")
def put_function_recursion_config(call: Call) -> dict[str, Any]:
    """What becomes of a chain that has passed the function 16 times."""
    with call.records.transaction():
        function = change(call, _function(call), recursion=call.input["RecursiveLoop"])
    return {"RecursiveLoop": function.document["recursion"]}


@operation("lambda", "GetFunctionRecursionConfig")
def get_function_recursion_config(call: Call) -> dict[str, Any]:
    return {"RecursiveLoop": _function(call).document["recursion"]}


@operation("lambda", "GetRuntimeManagementConfig")
def get_runtime_management_config(call: Call) -> dict[str, Any]:
    """A runtime is what this machine has: it changes when that is updated."""
    name, qualifier = named(call)
    function_named(call, name, qualifier)
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": arn_of(call, name, qualifier)}


@operation("lambda", "GetFunctionCodeSigningConfig")
def get_function_code_signing_config(call: Call) -> dict[str, Any]:
    """None is ever set: CreateFunction refuses it."""
    return {"FunctionName": _function(call).name, "CodeSigningConfigArn": ""}


@operation("lambda", "GetAccountSettings")
def get_account_settings(call: Call) -> dict[str, Any]:
    """What functions reserve comes on top of what all others share."""
    functions, limit = find(call, FUNCTION), call.settings.function_concurrency
    return {
        "AccountLimit": {
            "TotalCodeSize": _STORAGE,
            "CodeSizeUnzipped": 250 << 20,
            "CodeSizeZipped": 50 << 20,
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": limit - sum(map(_reserved, functions)),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(one.document["config"]["CodeSize"] for one in functions),
            "FunctionCount": len(functions),
        },
    }


def _function(call: Call) -> Record:
    return function_named(call, unqualified(call))


def _reserved(function: Record) -> int:
    return int(function.document["concurrency"] or 0)
