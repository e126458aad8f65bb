"""The detail of an event, read from its text: an object that everybody on its way can read. Pure.

Python reads more than JSON has, NaN and Infinity, and numbers that no float holds become these; it
goes down level by level, and so does whoever writes it again. Such a text is refused here, where
its sender can still be told, and nowhere later.
"""

import json
from typing import Any

_MOST_LEVELS = 500


def read(text: str) -> dict[str, Any] | None:
    """The object; None for a text that is none, or none that can be passed on."""
    try:
        found = json.loads(text)
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not _is_deep(found) else None


def _is_deep(found: dict[str, Any]) -> bool:
    layer: list[Any] = [found]
    for _ in range(_MOST_LEVELS):
        below = (one.values() if isinstance(one, dict) else one for one in layer)
        layer = [one for some in below for one in some if isinstance(one, dict | list)]
        if not layer:
            return False
    return True
