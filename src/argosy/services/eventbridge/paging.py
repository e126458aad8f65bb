"""Pages of EventBridge's lists."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from argosy.ground.errors import ValidationException

_PAGE = 100


def page(
    asked: dict[str, Any],
    member: str,
    keyed: Sequence[tuple[str, Any]],
    shown: Callable[[Any], Any],
    limit: str = "Limit",
) -> dict[str, Any]:
    """One page of items with their keys, in order of these. Raises ValidationException."""
    try:
        given = asked.get("NextToken") or ""
        after = base64.b64decode(given, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise ValidationException("Invalid NextToken: it is none of this list.") from None
    most = asked.get(limit) or _PAGE
    rest = [(key, item) for key, item in sorted(keyed, key=lambda one: one[0]) if key > after]
    answer: dict[str, Any] = {member: [shown(item) for _, item in rest[:most]]}
    if len(rest) > most:
        answer["NextToken"] = base64.urlsafe_b64encode(rest[most - 1][0].encode()).decode()
    return answer
