"""Layers that functions name."""

import re
from collections.abc import Sequence
from typing import Any

from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.registry import Call
from argosy.state.functions import LAYER_VERSION
from argosy.state.record import Record

_ARN = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([A-Za-z0-9_-]+):(\d+)")


def layer_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{account}:layer:{name}"


def version_arn(record: Record) -> str:
    """Of a layer version's record, whose name is <layer>:<number>."""
    return layer_arn(record.region, record.account, record.name)


def layer_of_arn(call: Call, arn: str) -> Record | None:
    """The layer version of an ARN, in whichever account and region."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return None
    region, account, name, number = found.groups()
    return call.records.get(LAYER_VERSION, account, region, f"{name}:{number}")


def layers_of(call: Call, arns: Sequence[str]) -> list[dict[str, Any]]:
    """What a function keeps of its layers: it goes on with them when they are deleted.

    Raises InvalidParameterValueException.
    """
    layers: list[dict[str, Any]] = []
    for arn in arns:
        record = layer_of_arn(call, arn)
        if record is None:
            raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
        if any(one["Arn"].rpartition(":")[0] == arn.rpartition(":")[0] for one in layers):
            raise InvalidParameterValueException(
                f"Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {arn}"
            )
        document = record.document
        layers.append(
            {
                "Arn": arn,
                "CodeSize": document["size"],
                "code": document["code"],
                "unpacked": document["unpacked"],
            }
        )
    return layers
