"""Members that a request, or an answer, really has."""

from collections.abc import Mapping
from typing import Any


def without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not None, which stands for a member that was left out."""
    return {name: value for name, value in body.items() if value is not None}
