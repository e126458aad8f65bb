"""Mapping templates: Velocity with $input, $context, $util and $stageVariables.

Source: API Gateway guide, api-gateway-mapping-template-reference. Of JSONPath, $input.path and
$input.json know names, indices, slices and `*`, as `ground/json_path.py` does; no `..`, no filters.
"""

import base64
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from argosy.ground.gateway.velocity import Methods, Template, TemplateError, check_size
from argosy.ground.gateway.velocity import parse as parse_velocity
from argosy.ground.json_path import BadPath, NothingThere, select
from argosy.ground.json_path import parse as parse_path

__all__ = ["Template", "TemplateError", "names", "parse"]

_LOCATIONS = ("path", "querystring", "header")


@functools.lru_cache(maxsize=2048)
def parse(text: str) -> Template:
    """Raises TemplateError."""
    return parse_velocity(text)


def names(
    body: str,
    parameters: Mapping[str, Mapping[str, str]],
    context: Mapping[str, Any],
    stage_variables: Mapping[str, str],
) -> dict[str, Any]:
    """What a template may speak of; parameters: by "path", "querystring" and "header"."""
    return {
        "input": _Input(body, parameters),
        "context": context,
        "util": _UTIL,
        "stageVariables": stage_variables,
    }


def escaped(text: str) -> str:
    """As $util.escapeJavaScript has it: also single quotes are escaped."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("'", "\\'").replace("/", "\\/")


class _Input(Methods):
    """$input."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(body=body, params=self._params, path=self._path, json=self._json)
        self._text = body
        self._parameters = parameters

    @functools.cached_property
    def _value(self) -> Any:
        try:
            return json.loads(self._text) if self._text.strip() else {}
        except (ValueError, RecursionError):
            return self._text

    def _params(self, name: str | None = None) -> Any:
        if name is None:
            return {where: dict(self._parameters.get(where, {})) for where in _LOCATIONS}
        for where in _LOCATIONS:
            found = self._parameters.get(where, {})
            given = found.get(name)
            if given is None and where == "header":
                given = next((v for key, v in found.items() if key.lower() == name.lower()), None)
            if given is not None:
                return given
        return ""

    def _path(self, expression: str) -> Any:
        sized = expression.endswith(".size()")
        found = self._select(expression[: -len(".size()")] if sized else expression)
        return len(found) if sized and isinstance(found, list | dict | str) else found

    def _json(self, expression: str) -> str:
        found = self._select(expression)
        if found is None:
            return '""'
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    def _select(self, expression: str) -> Any:
        try:
            return select(parse_path(expression), self._value)
        except NothingThere:
            return None
        except BadPath as error:
            raise TemplateError(str(error)) from None


def _text(found: Callable[[str], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        if isinstance(value, str):
            return found(value)
        check_size(value)
        return found(json.dumps(value))

    return call


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise TemplateError("$util.parseJson: it is not JSON") from None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except ValueError:
        raise TemplateError("$util.base64Decode: it is not base64 of text") from None


_UTIL = Methods(
    escapeJavaScript=_text(escaped),
    parseJson=_text(_parsed),
    urlEncode=_text(quote_plus),
    urlDecode=_text(unquote_plus),
    base64Encode=_text(lambda text: base64.b64encode(text.encode()).decode()),
    base64Decode=_text(_decoded),
)
