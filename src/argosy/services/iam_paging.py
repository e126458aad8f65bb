"""IAM's paging: Marker and MaxItems in, IsTruncated and Marker out."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from argosy.ground.errors import ServiceValidationError

Item = TypeVar("Item")

_PAGE = 100


def page(
    asked: Mapping[str, Any], items: Sequence[Item], key: Callable[[Item], str]
) -> tuple[list[Item], dict[str, Any]]:
    """The items of this page in the order of their keys, and the paging members of the answer.

    A marker holds the last key given, so items that come or go in between neither repeat nor
    hide others. Raises ServiceValidationError for a marker that no answer gave.
    """
    after = _last_key(asked["Marker"]) if asked.get("Marker") else ""
    limit = asked.get("MaxItems") or _PAGE
    left = sorted((item for item in items if key(item) > after), key=key)
    if len(left) <= limit:
        return left, {"IsTruncated": False}
    shown = left[:limit]
    return shown, {"IsTruncated": True, "Marker": _marker(key(shown[-1]))}


def _marker(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _last_key(marker: str) -> str:
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ServiceValidationError("The Marker is not valid.") from None
