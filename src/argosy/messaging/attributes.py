"""Attributes of messages, of SQS and of SNS: checked, measured, digested, and kept as JSON. Pure.

An attribute is {"DataType": …, "StringValue": …} or {"DataType": …, "BinaryValue": bytes}, as boto3
gives it. Rules: SQS Developer Guide, "Message metadata for Amazon SQS"; the digest is the one that
clients check ("Calculating the MD5 message digest for message attributes").
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Mapping[str, Any]]

MOST_ATTRIBUTES = 10
ARRAY = "String.Array"
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_LONGEST_NAME = 256
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING, _BINARY = b"\x01", b"\x02"


class BadAttribute(Exception):
    """An attribute breaks a rule; the message says which."""


def check(attributes: Attributes, *, most: int | None = MOST_ATTRIBUTES) -> None:
    """Raises BadAttribute for the first thing that is wrong."""
    if most is not None and len(attributes) > most:
        raise BadAttribute(f"Number of message attributes [{len(attributes)}] exceeds {most}.")
    for name, attribute in attributes.items():
        _check_name(name)
        _check_type(name, str(attribute["DataType"]))
        _check_value(name, attribute)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise BadAttribute(
            f"Message attribute name '{name:.64}' is invalid: letters, digits, _, - and single "
            f"inner periods, at most {_LONGEST_NAME} of them."
        )
    if name.lower().startswith(("aws.", "amazon.")):
        raise BadAttribute(f"Message attribute name '{name:.64}' is reserved.")


def _check_type(name: str, data_type: str) -> None:
    base = data_type.partition(".")[0]
    if base not in ("String", "Number", "Binary") or len(data_type) > _LONGEST_NAME:
        raise BadAttribute(
            f"The message attribute '{name}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String."
        )


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    data_type = str(attribute["DataType"])
    wanted = "BinaryValue" if data_type.startswith("Binary") else "StringValue"
    given = {key for key in attribute if key != "DataType" and attribute[key] not in (None, [])}
    if given - {wanted}:
        raise BadAttribute(
            f"The message attribute '{name}' with type '{data_type.partition('.')[0]}' must use "
            f"field '{wanted.removesuffix('Value')}'."
        )
    if not attribute.get(wanted):
        raise BadAttribute(
            f"Message attribute '{name}' must contain a non-empty message attribute value for "
            f"message attribute type '{data_type}'."
        )
    if wanted == "StringValue":
        _check_text(name, data_type, str(attribute[wanted]))


def _check_text(name: str, data_type: str, text: str) -> None:
    if not is_speakable(text):
        raise BadAttribute(f"Message attribute '{name}' holds characters that are not allowed.")
    if data_type.startswith("Number") and not _NUMBER.fullmatch(text.strip()):
        raise BadAttribute(f"Could not cast message attribute '{name}' value to number.")
    if data_type == ARRAY and not isinstance(_json(text), list):
        raise BadAttribute(f"Message attribute '{name}' is no JSON array.")


def is_speakable(text: str) -> bool:
    """Whether SQS lets the characters of a message through (those of XML 1.0)."""
    return _UNSPEAKABLE.search(text) is None


def size(attributes: Attributes) -> int:
    """Bytes that the attributes count in the size of a message: names, types and values."""
    return sum(
        len(name.encode()) + len(str(one["DataType"]).encode()) + len(_value(one))
        for name, one in attributes.items()
    )


def md5(attributes: Attributes) -> str:
    """Hex MD5 over the attributes in order of their names; "" for none."""
    if not attributes:
        return ""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        one = attributes[name]
        kind = _BINARY if str(one["DataType"]).startswith("Binary") else _STRING
        for part in (name.encode(), str(one["DataType"]).encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        value = _value(one)
        digest.update(kind + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


def body_md5(body: str) -> str:
    """Hex MD5 of a message's body."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def dump(attributes: Attributes) -> str:
    """As JSON, for a column; binary values in base64."""
    return json.dumps({name: _plain(one) for name, one in attributes.items()}) if attributes else ""


def load(text: str) -> dict[str, dict[str, Any]]:
    """What `dump` wrote."""
    kept = json.loads(text) if text else {}
    for one in kept.values():
        if "BinaryValue" in one:
            one["BinaryValue"] = base64.b64decode(one["BinaryValue"])
    return dict(kept)


def facts(attributes: Attributes) -> dict[str, list[Any]]:
    """What a filter policy looks at: name → values. Binary ones are there, but fit nothing."""
    return {name: _facts(one) for name, one in attributes.items()}


def _facts(one: Mapping[str, Any]) -> list[Any]:
    data_type = str(one["DataType"])
    if data_type.startswith("Binary"):
        return []
    text = str(one["StringValue"])
    if data_type.startswith("Number"):
        return [float(text)]
    if data_type == ARRAY:
        return [item for item in _json(text) or [] if not isinstance(item, list | dict)]
    return [text]


def _plain(one: Mapping[str, Any]) -> dict[str, str]:
    if str(one["DataType"]).startswith("Binary"):
        value = base64.b64encode(one["BinaryValue"]).decode()
        return {"DataType": one["DataType"], "BinaryValue": value}
    return {"DataType": one["DataType"], "StringValue": one["StringValue"]}


def _value(one: Mapping[str, Any]) -> bytes:
    """Empty for one without a value, which is measured before it is refused."""
    if str(one["DataType"]).startswith("Binary"):
        return bytes(one.get("BinaryValue") or b"")
    return str(one.get("StringValue") or "").encode()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
