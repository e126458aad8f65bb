"""A function, version or alias as Lambda shows it."""

from datetime import UTC, datetime
from typing import Any

from argosy.ground.functions import LATEST
from argosy.ground.names import function_arn
from argosy.state.record import Record


def configuration(function: Record, record: Record, version: str, qualifier: str) -> dict[str, Any]:
    """FunctionConfiguration. `record` is the version's own, or the function's for $LATEST.

    qualifier: as it was named; the ARN has it only if it was.
    """
    config = record.document["config"]
    place = function.region, function.account, function.name
    start = config.get("ImageConfig")
    return {
        **config,
        "FunctionName": function.name,
        "FunctionArn": function_arn(*place, qualifier),
        "Version": version,
        "RevisionId": record.document["revision"],
        "LastModified": timestamp(config["modified"]),
        "ImageConfigResponse": {"ImageConfig": start} if start else None,
    }


def numbered(function: Record, record: Record) -> dict[str, Any]:
    """A published version, by its own ARN."""
    number = record.name.partition(":")[2]
    return configuration(function, record, number, number)


def latest(function: Record, *, qualified: bool = False) -> dict[str, Any]:
    """$LATEST; lists of versions show it with its qualifier."""
    return configuration(function, function, LATEST, LATEST if qualified else "")


def alias(record: Record) -> dict[str, Any]:
    name, _, alias_name = record.name.partition(":")
    weights = record.document["weights"]
    return {
        "AliasArn": function_arn(record.region, record.account, name, alias_name),
        "Name": alias_name,
        "FunctionVersion": record.document["version"],
        "Description": record.document["description"],
        "RoutingConfig": {"AdditionalVersionWeights": weights} if weights else None,
        "RevisionId": record.document["revision"],
    }


def timestamp(at: float) -> str:
    """2026-01-31T12:00:00.000+0000"""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
