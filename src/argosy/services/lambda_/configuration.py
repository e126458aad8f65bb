"""A function's configuration as it is kept: made whole, changed in parts."""

from collections.abc import Mapping
from typing import Any

from argosy.ground.functions import ZIP
from argosy.services.lambda_ import rules
from argosy.services.lambda_.code import check_unpacked
from argosy.services.lambda_.dead_letters import check_target
from argosy.services.lambda_.layer_finding import layers_of
from argosy.services.registry import Call

_PLAIN = ("Description", "Runtime", "Role", "Handler", "Timeout", "MemorySize", "EphemeralStorage")


def new_config(call: Call, name: str, code: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a function that is made; `code` are the members that its package's type gives.

    Raises InvalidParameterValueException.
    """
    config = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "Architectures": [rules.machine()],
        "PackageType": call.input.get("PackageType") or ZIP,
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    return changed(call, {**config, **code}, name)


def changed(call: Call, config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The config with what the call asks for. Raises InvalidParameterValueException."""
    asked = call.input
    new = {**config, "modified": call.clock.now()}
    new |= {member: asked[member] for member in _PLAIN if asked.get(member) is not None}
    if asked.get("Environment") is not None:
        new["Environment"] = {"Variables": asked["Environment"].get("Variables") or {}}
    if not new.get("Environment", {}).get("Variables"):
        new.pop("Environment", None)
    if asked.get("TracingConfig"):
        new["TracingConfig"] = {"Mode": asked["TracingConfig"].get("Mode") or "PassThrough"}
    if asked.get("LoggingConfig"):
        new["LoggingConfig"] = _logging(new["LoggingConfig"], asked["LoggingConfig"], name)
    if asked.get("Layers") is not None:
        new["Layers"] = layers_of(call, asked["Layers"]) or None
    if asked.get("DeadLetterConfig") is not None:
        target = asked["DeadLetterConfig"].get("TargetArn") or ""
        check_target(target)
        new["DeadLetterConfig"] = {"TargetArn": target} if target else None
    if asked.get("ImageConfig") is not None:
        new["ImageConfig"] = {
            name: one for name, one in asked["ImageConfig"].items() if one
        } or None
    check_unpacked(new["unpacked"] + sum(one["unpacked"] for one in new.get("Layers") or ()))
    return {member: value for member, value in new.items() if value is not None}


def _logging(before: Mapping[str, Any], asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    form = asked.get("LogFormat") or before["LogFormat"]
    levels = {}
    if form == "JSON":
        levels = {
            level: asked.get(level) or before.get(level) or "INFO"
            for level in ("ApplicationLogLevel", "SystemLogLevel")
        }
    group = asked.get("LogGroup") or before["LogGroup"]
    return {"LogFormat": form, "LogGroup": group, **levels}
