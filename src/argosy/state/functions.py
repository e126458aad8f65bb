"""Functions, their versions and aliases as records, and how a name becomes a version to run.

A function's document is {"id", "config", "revision", "next_version", "tags", "concurrency",
"recursion"}; `config` has the members of Lambda's FunctionConfiguration, and "code", the hex
digest of its zip. A version's record is named "<function>:<number>" and has the same config as it
was; an alias's is "<function>:<alias>" with {"version", "weights", …}. The config of a function of
package type Image has "image" (the members of FunctionImage) in the place of "code". This file
decides no permission and checks no input.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground.functions import LATEST, FunctionImage, FunctionVersion, ImageStart
from argosy.ground.names import function_arn
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.remembered import Remembered

FUNCTION = "function"
VERSION = "function-version"
ALIAS = "function-alias"
POLICY = "function-policy"
EVENT_INVOKE = "function-event-invoke-config"
URL = "function-url"
LAYER = "layer"
LAYER_VERSION = "layer-version"
EVENT_SOURCE = "event-source-mapping"
KINDS = frozenset(
    {
        FUNCTION,
        VERSION,
        ALIAS,
        POLICY,
        EVENT_INVOKE,
        URL,
        LAYER,
        LAYER_VERSION,
        EVENT_SOURCE,
    }
)

_KEPT = "functions"
_NAMED = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"|(?P<partial>\d{12}):function:|function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


@dataclass(frozen=True)
class FunctionName:
    """What a name or an ARN says; what it leaves out is ""."""

    name: str
    qualifier: str = ""
    account: str = ""
    region: str = ""


def parse_name(text: str) -> FunctionName | None:
    """A function's name, partial ARN or ARN, with or without qualifier; None for anything else."""
    found = _NAMED.fullmatch(text)
    if found is None:
        return None
    said = {name: value or "" for name, value in found.groupdict().items()}
    return FunctionName(
        said["name"], said["qualifier"], said["account"] or said["partial"], said["region"]
    )


def part_name(function: str, qualifier: str) -> str:
    """The record's name of what belongs to a version or an alias; $LATEST is the function."""
    return function if qualifier in ("", LATEST) else f"{function}:{qualifier}"


def known(records: Records, kind: str, account: str, region: str, name: str) -> Record | None:
    """A record of one of KINDS, as `Records.get` gives it, but read once until one is written."""
    kept = records.transactions.kept.get(_KEPT)
    if kept is None:
        kept = Remembered[Record | None](records.transactions, *KINDS)
        records.transactions.kept[_KEPT] = kept
    place = account, region, name
    found: Record | None = kept.get((kind, *place), lambda: records.get(kind, *place))
    return found


def resolve(
    records: Records,
    account: str,
    region: str,
    name_or_arn: str,
    qualifier: str = "",
    dice: Callable[[], float] = random.random,
) -> FunctionVersion | None:
    """The version that is meant, or None where there is no such function, version or alias.

    qualifier: goes before the one in the name. dice: a number of [0, 1), for aliases that share
    their traffic among two versions.
    """
    named = parse_name(name_or_arn)
    if named is None:
        return None
    place = named.account or account, named.region or region
    record = known(records, FUNCTION, *place, named.name)
    if record is None:
        return None
    asked = qualifier or named.qualifier
    version = version_of(records, record, asked, dice)
    return None if version is None else _at_version(records, record, version, asked)


def version_of(
    records: Records, function: Record, qualifier: str, dice: Callable[[], float] = random.random
) -> str | None:
    """The version that a qualifier stands for, which need not be there; None: no such alias."""
    if qualifier in ("", LATEST):
        return LATEST
    if qualifier.isdecimal():
        return qualifier
    place = function.account, function.region
    alias = known(records, ALIAS, *place, part_name(function.name, qualifier))
    return None if alias is None else chosen(alias.document, dice())


def chosen(alias: Mapping[str, Any], dice: float) -> str:
    """The version that an alias sends this invocation to."""
    for version, weight in alias["weights"].items():
        if dice < weight:
            return str(version)
        dice -= weight
    return str(alias["version"])


def _at_version(
    records: Records, function: Record, version: str, qualifier: str
) -> FunctionVersion | None:
    record: Record | None = function
    if version != LATEST:
        place = function.account, function.region
        record = known(records, VERSION, *place, part_name(function.name, version))
    if record is None:
        return None
    return as_version(function, record, version, qualifier)


def digests_in_use(records: Records) -> set[str]:
    """Packages that functions, versions and layers refer to."""
    used = {str(record.document["code"]) for record in records.find(LAYER_VERSION)}
    for kind in (FUNCTION, VERSION):
        for record in records.find(kind):
            config = record.document["config"]
            used.add(config.get("code", ""))
            used.update(layer["code"] for layer in config.get("Layers", ()))
    return used


def images_in_use(records: Records) -> set[str]:
    """Digests of the images of functions and versions."""
    configs = [one.document["config"] for kind in (FUNCTION, VERSION) for one in records.find(kind)]
    return {str(config["image"]["digest"]) for config in configs if "image" in config}


def dead_letters_of(records: Records, version: FunctionVersion) -> str:
    """ARN of where the version's events go that it does not handle; "" for nowhere."""
    kind = FUNCTION if version.version == LATEST else VERSION
    name = part_name(version.name, version.version)
    record = known(records, kind, version.account, version.region, name)
    config = record.document["config"] if record else {}
    return str((config.get("DeadLetterConfig") or {}).get("TargetArn") or "")


def as_version(
    function: Record,
    record: Record,
    version: str,
    qualifier: str = "",
) -> FunctionVersion:
    """`record`: the version's own, or the function's for $LATEST."""
    config = record.document["config"]
    logging, layers = config["LoggingConfig"], config.get("Layers", ())
    place = function.region, function.account, function.name
    return FunctionVersion(
        account=function.account,
        region=function.region,
        name=function.name,
        version=version,
        arn=function_arn(*place, "" if version == LATEST else version),
        invoked_arn=function_arn(*place, qualifier),
        revision=record.document["runs"],
        code_sha256=config.get("code", ""),
        layers=tuple(layer["code"] for layer in layers),
        layer_arns=tuple(layer["Arn"] for layer in layers),
        handler=config.get("Handler", ""),
        runtime=config.get("Runtime", ""),
        timeout_s=config["Timeout"],
        memory_mb=config["MemorySize"],
        ephemeral_mb=config["EphemeralStorage"]["Size"],
        role=config["Role"],
        environment=config.get("Environment", {}).get("Variables", {}),
        log_group=logging["LogGroup"],
        log_format=logging["LogFormat"],
        log_level=logging.get("ApplicationLogLevel", ""),
        system_log_level=logging.get("SystemLogLevel", ""),
        tracing=config["TracingConfig"]["Mode"],
        reserved_concurrency=function.document.get("concurrency"),
        state=config["State"],
        package_type=config["PackageType"],
        image=FunctionImage(**config["image"]) if "image" in config else None,
        image_start=_start(config.get("ImageConfig") or {}),
    )


def _start(asked: Mapping[str, Any]) -> ImageStart:
    """Empty lists are what the image says, as with Lambda."""
    return ImageStart(
        entrypoint=tuple(asked.get("EntryPoint") or ()) or None,
        command=tuple(asked.get("Command") or ()) or None,
        folder=asked.get("WorkingDirectory") or "",
    )
