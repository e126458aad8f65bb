"""Lambda: a function's code and configuration are changed. Published versions never are."""

from typing import Any

from argosy.services.lambda_ import code, rules, view
from argosy.services.lambda_.configuration import changed
from argosy.services.lambda_.errors import ResourceConflictException
from argosy.services.lambda_.finding import (
    change,
    check_revision,
    function_named,
    new_revision,
    unqualified,
)
from argosy.services.lambda_.packages import package_type
from argosy.services.lambda_.publishing import publish
from argosy.services.lambda_.roles import check_role
from argosy.services.registry import Call, operation
from argosy.state.record import Record


@operation("lambda", "UpdateFunctionCode")
async def update_function_code(call: Call) -> dict[str, Any]:
    """Answers when the code is there; invocations from then on have it."""
    name = unqualified(call)
    asked = call.input
    function = function_named(call, name)
    check_revision(call, function.document["revision"])
    rules.check({"Architectures": asked.get("Architectures"), "PublishTo": asked.get("PublishTo")})
    found = await package_type(function.document["config"]).code(call, asked)
    with call.records.transaction():
        current = _unchanged(call, function)
        config = {**current.document["config"], **found}
        config["modified"] = call.clock.now()
        layers = config.get("Layers", ())
        code.check_unpacked(config["unpacked"] + sum(one["unpacked"] for one in layers))
        if asked.get("DryRun"):
            return {
                **view.latest(current),
                **{one: config[one] for one in ("CodeSha256", "CodeSize")},
            }
        return _written(call, current, config)


@operation("lambda", "UpdateFunctionConfiguration")
def update_function_configuration(call: Call) -> dict[str, Any]:
    name = unqualified(call)
    rules.check(call.input)
    if call.input.get("Role"):
        check_role(call, call.input["Role"])
    with call.records.transaction():
        function = function_named(call, name)
        check_revision(call, function.document["revision"])
        package_type(function.document["config"]).check_settings(call.input)
        return _written(call, function, changed(call, function.document["config"], name))


def _unchanged(call: Call, function: Record) -> Record:
    """The function as it was before its new code came; raises ResourceConflictException."""
    current = function_named(call, function.name)
    if current.document["revision"] != function.document["revision"]:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {view.latest(function)['FunctionArn']}"
        )
    return current


def _written(call: Call, function: Record, config: dict[str, Any]) -> dict[str, Any]:
    """What is as it was before runs on, and is no reason for another version."""
    same = {**function.document["config"], "modified": config["modified"]} == config
    runs = function.document["runs"] if same else new_revision()
    made = change(call, function, config=config, runs=runs, revision=new_revision())
    if call.input.get("Publish"):
        return view.numbered(*publish(call, made, ""))
    return view.latest(made)
