"""Tokens of CloudWatch's lists: where to go on, unreadable for clients."""

import base64
import json
from typing import Any

from argosy.services.cloudwatch.errors import InvalidNextToken


def token_of(place: Any) -> str:
    """A token that `place_of` turns back."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(token: str | None, kind: type) -> Any:
    """What a token stands for, of that type; None without one. Raises InvalidNextToken."""
    if not token:
        return None
    try:
        place = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        place = None
    if type(place) is not kind or (type(place) is int and not 0 <= place < 1 << 40):
        raise InvalidNextToken("The value for parameter NextToken is invalid.")
    return place
