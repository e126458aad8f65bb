"""What REST protocols carry outside the body: path labels, query string, headers, status."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, Shape, StructureShape

from argosy.ground.errors import SerializationException
from argosy.wire import scalars, timestamps
from argosy.wire.base import wire_name
from argosy.wire.http import HttpRequest

_QUOTED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def read(shape: StructureShape, request: HttpRequest, uri: Mapping[str, str]) -> dict[str, Any]:
    """The members of an input that do not come from the body."""
    query: dict[str, list[str]] = {}
    for name, text in _query(request):
        query.setdefault(name, []).append(text)
    result: dict[str, Any] = {}
    for name, member in shape.members.items():
        location, called = member.serialization.get("location"), wire_name(member, name)
        if location == "uri" and called in uri:
            result[name] = scalars.read(member, uri[called], name)
        elif location == "querystring":
            _read_query(result, name, member, called, query, shape)
        elif location == "header" and called.lower() in request.headers:
            result[name] = _read_header(member, request.headers[called.lower()], name)
        elif location == "headers":
            found = _prefixed(request.headers, wire_name(member, ""))
            if found:
                result[name] = found
    return result


def write(shape: StructureShape, result: Mapping[str, Any]) -> tuple[dict[str, str], int | None]:
    """Headers of an answer, and its status where a member tells it."""
    headers: dict[str, str] = {}
    status = None
    for name, member in shape.members.items():
        location, value = member.serialization.get("location"), result.get(name)
        if value is None:
            continue
        if location == "header":
            headers[wire_name(member, name)] = _write_header(member, value)
        elif location == "headers":
            prefix = wire_name(member, "")
            headers.update({prefix + key: _safe(str(one)) for key, one in value.items()})
        elif location == "statusCode":
            status = int(value)
    return headers, status


def _query(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.query, keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError:
        raise SerializationException("The query string is not valid.") from None


def _read_query(
    result: dict[str, Any],
    name: str,
    member: Shape,
    called: str,
    query: dict[str, list[str]],
    shape: StructureShape,
) -> None:
    if member.type_name == "map":
        many = member.value.type_name == "list"
        free = {key: texts for key, texts in query.items() if key not in _bound(shape)}
        if free:
            result[name] = {key: texts if many else texts[0] for key, texts in free.items()}
    elif called in query:
        texts = query[called]
        if member.type_name == "list":
            result[name] = [scalars.read(member.member, text, name) for text in texts]
        else:
            result[name] = scalars.read(member, texts[0], name)


def _bound(shape: StructureShape) -> set[str]:
    """Parameters that single members are bound to; a map takes the others."""
    return {
        wire_name(member, name)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "querystring" and member.type_name != "map"
    }


def _prefixed(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    start = prefix.lower()
    return {name[len(start) :]: text for name, text in headers.items() if name.startswith(start)}


def _read_header(member: Shape, text: str, path: str) -> Any:
    if member.type_name == "list":
        pieces = _pieces(member, text)
        return [scalars.read(member.member, piece, path) for piece in pieces]
    if member.serialization.get("jsonvalue"):
        text = scalars.blob(text, path).decode("utf-8", "replace")
    return scalars.read(member, text, path)


def _pieces(member: ListShape, text: str) -> list[str]:
    """A header's list, parted at commas; quoted items may hold some, and so do RFC 822 dates."""
    pieces = [
        re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip()
        for quoted, plain in _QUOTED.findall(text)
    ]
    if pieces and not pieces[-1]:
        pieces.pop()
    dates = member.member.type_name == "timestamp"
    form = member.member.serialization.get("timestampFormat", timestamps.RFC822)
    if dates and form == timestamps.RFC822:
        return [", ".join(pair) for pair in zip(pieces[::2], pieces[1::2], strict=False)]
    return pieces


def _write_header(member: Shape, value: Any) -> str:
    if member.type_name == "list":
        return ", ".join(
            _quoted(scalars.write(member.member, one, timestamps.RFC822), member) for one in value
        )
    if member.serialization.get("jsonvalue"):
        return base64.b64encode(json.dumps(value).encode()).decode()
    return _safe(scalars.write(member, value, timestamps.RFC822))


def _quoted(text: str, member: ListShape) -> str:
    text = _safe(text)
    if member.member.type_name == "string" and ("," in text or '"' in text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _safe(text: str) -> str:
    """No line break gets into a header."""
    return re.sub(r"[\r\n\x00]", " ", text)
