"""Pages of SNS's lists: a hundred a time; the token is where the next one begins."""

import base64
import binascii
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.services.registry import Call

_PAGE = 100


def page(call: Call, member: str, keyed: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """`keyed`: in order of their keys. Raises InvalidParameter for a token of another call."""
    try:
        given = call.input.get("NextToken") or ""
        after = base64.b64decode(given, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise InvalidParameter("Invalid parameter: NextToken Reason: it is none") from None
    rest = [(key, item) for key, item in keyed if not after or key > after]
    shown: dict[str, Any] = {member: [item for _, item in rest[:_PAGE]]}
    if len(rest) > _PAGE:
        shown["NextToken"] = base64.urlsafe_b64encode(rest[_PAGE - 1][0].encode()).decode()
    return shown
