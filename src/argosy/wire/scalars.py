"""Single values, between Python and their text in XML, forms, headers, query strings, paths.

Also the bounds of number types and the refusals that every reader words the same way.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from argosy.ground.errors import SerializationException
from argosy.wire import timestamps

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOUNDS = {"integer": 1 << 31, "long": 1 << 63, "biginteger": 1 << 63}
SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def refuse(expected: str, path: str, found: str = "") -> SerializationException:
    """The one wording of a value that has the wrong type; never shows the value."""
    tail = f", found {found}" if found else ""
    where = f" at '{path[:200]}'" if path else ""
    return SerializationException(f"Expected {expected}{where}{tail}.")


def bounded(shape: Shape, value: int, path: str) -> int:
    """The integer, if it fits its type (integer 32 bits, long 64 bits)."""
    bound = _BOUNDS.get(shape.type_name, 1 << 63)
    if not -bound <= value < bound:
        raise refuse(f"a number that fits {shape.type_name}", path)
    return value


def clean(text: str, path: str) -> str:
    """The text, if it is Unicode proper; lone surrogates can be neither stored nor answered."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse("text of valid Unicode", path) from None
    return text


def blob(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse("base64", path) from None


def timestamp(value: str | float, path: str) -> Any:
    try:
        return timestamps.read(value)
    except ValueError:
        raise refuse("a timestamp", path) from None


def read(shape: Shape, text: str, path: str) -> Any:
    """The Python value of a scalar's text; raises SerializationException."""
    return _READERS.get(shape.type_name, _read_string)(shape, text, path)


def write(shape: Shape, value: Any, timestamp_form: str) -> str:
    """The text of a scalar; `timestamp_form` is what the place uses unless the model says."""
    if shape.type_name == "timestamp":
        form = shape.serialization.get("timestampFormat", timestamp_form)
        return _number_text(timestamps.write(value, form))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return _number_text(value)
    return str(value)


def special(value: float) -> str | None:
    """NaN and the infinities as the protocols write them; None for a finite number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None


def _number_text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if value == int(value) if math.isfinite(value) and abs(value) < 1e15 else False:
        return str(int(value))
    return special(value) or repr(value)


def _read_string(shape: Shape, text: str, path: str) -> Any:
    if not shape.serialization.get("jsonvalue"):
        return clean(text, path)
    try:
        return json.loads(text)
    except ValueError:
        raise refuse("JSON", path) from None


def _read_integer(shape: Shape, text: str, path: str) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise refuse("an integer", path)
    return bounded(shape, int(text), path)


def _read_float(shape: Shape, text: str, path: str) -> float:
    text = text.strip()
    if text in SPECIAL_FLOATS:
        return SPECIAL_FLOATS[text]
    if not _FLOAT.fullmatch(text):
        raise refuse("a number", path)
    return float(text)


def _read_boolean(shape: Shape, text: str, path: str) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise refuse("true or false", path)
    return word == "true"


def _read_blob(shape: Shape, text: str, path: str) -> bytes:
    return blob(text.strip(), path)


def _read_timestamp(shape: Shape, text: str, path: str) -> Any:
    return timestamp(text, path)


_READERS: dict[str, Callable[[Shape, str, str], Any]] = {
    "integer": _read_integer,
    "long": _read_integer,
    "biginteger": _read_integer,
    "float": _read_float,
    "double": _read_float,
    "bigdecimal": _read_float,
    "boolean": _read_boolean,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}
