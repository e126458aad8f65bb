"""Members as botocore has them, and as documents do: their first letter is the difference.

Names that users make up (stage variables, parameters, tags, routes' keys) stay as they are.
"""

from collections.abc import Mapping
from typing import Any

_NESTED = {
    "corsconfiguration",
    "jwtconfiguration",
    "defaultroutesettings",
    "accesslogsettings",
    "tlsconfig",
}
_MAPS = {"routesettings"}


def stored(given: Mapping[str, Any]) -> dict[str, Any]:
    """`RouteKey` → `routeKey`; None is left out."""
    return _changed(given, lambda name: name[:1].lower() + name[1:])


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """`routeKey` → `RouteKey`."""
    return _changed(document, lambda name: name[:1].upper() + name[1:])


def _changed(given: Mapping[str, Any], change: Any) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name.lower() in _NESTED:
            value = _changed(value, change)
        elif name.lower() in _MAPS:
            value = {key: _changed(one, change) for key, one in value.items()}
        changed[change(name)] = value
    return changed
