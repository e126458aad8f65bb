"""Bodies as SageMaker's TensorFlow Serving container takes them, into TF Serving's predict request.

The request is an object with "instances" (rows) or "inputs" (columns) and, maybe,
"signature_name". What is no such object is wrapped: one value is one instance, a list of lists or
of objects is many, JSON lines are one instance each, CSV lines too (bare values where there is
one column). Pure. Source: the container's README and tensorflowServing.js.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from argosy.runtimes.answers import Body, Fault
from argosy.runtimes.media import CSV, JSON

JSONLINES = "application/jsonlines"
JSONS = "application/jsons"
READABLE = (JSON, JSONLINES, JSONS, CSV)

_FORMS = ("instances", "inputs")
_ATTRIBUTE = re.compile(r"(tfs-[a-z-]+)=([^,]+)")
_BLANKS = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


def attributes(header: str) -> dict[str, str]:
    """The tfs-… members of X-Amzn-SageMaker-Custom-Attributes, such as tfs-model-name."""
    return {name: value.strip() for name, value in _ATTRIBUTE.findall(header)}


def request_of(media: str, body: Body) -> dict[str, Any]:
    """The predict request of a body. Raises Fault 400 (cannot be read) or 415 (its type)."""
    if media not in READABLE:
        raise Fault(415, f"Unsupported Media Type: {media}; use one of {', '.join(READABLE)}")
    try:
        text = bytes(body).decode("utf-8-sig")
        if not text.strip():
            raise Fault(400, "the body is empty; send at least one instance")
        return {"instances": _csv_rows(text)} if media == CSV else _of_json(text)
    except RecursionError:
        raise Fault(400, "the body is nested too deeply") from None
    except (ValueError, csv.Error) as error:
        raise Fault(400, f"the body cannot be read as {media}: {error}") from None


def _of_json(text: str) -> dict[str, Any]:
    values = _values(text)
    if len(values) > 1:
        return {"instances": values}
    value = values[0]
    if isinstance(value, dict) and any(form in value for form in _FORMS):
        return value
    if isinstance(value, dict) and "examples" in value:
        raise Fault(400, '"examples" belong to classify and regress; only predict is served')
    rows = isinstance(value, list) and bool(value) and isinstance(value[0], (list, dict))
    return {"instances": value if rows else [value]}


def _values(text: str) -> list[Any]:
    """The JSON values of a text, one after the other with nothing but blanks between."""
    values = []
    text = text.strip()
    at = 0
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        values.append(value)
        at = end + len(_BLANKS.match(text, end)[0])  # type: ignore[index]
    return values


def _csv_rows(text: str) -> list[Any]:
    lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    rows = [[_cell(cell) for cell in line] for line in lines if "".join(line).strip()]
    if any(len(row) != len(rows[0]) for row in rows):
        raise Fault(400, "the lines of the CSV body differ in how many values they have")
    return [row[0] for row in rows] if len(rows[0]) == 1 else list(rows)


def _cell(text: str) -> int | float | str:
    """A number where it is one (1_000 is not), else the text."""
    if "_" in text:
        return text
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
