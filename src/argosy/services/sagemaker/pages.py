"""Pages of lists that are filtered and put in order here, not by the database.

The token holds the place of the last one given, so what comes or goes between two calls neither
repeats nor hides another.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from argosy.services.sagemaker.listing import bad_next_token

T = TypeVar("T")
Place = tuple[Any, str]
"""What is sorted by, and a name that tells those apart where it is the same."""


def one_page(
    found: Sequence[T],
    place_of: Callable[[T], Place],
    *,
    order: str,
    descending: bool,
    limit: int,
    token: str | None,
) -> tuple[list[T], str]:
    """Some of them in order, and the token of the next page ("" at the end).

    order: names what is sorted by; a token belongs to it. Values of different types are in order
    of their types. Raises ValidationException for a token that is none of this list.
    """
    ranked = sorted(((_key(place_of(one)), one) for one in found), key=lambda pair: pair[0])
    if descending:
        ranked.reverse()
    if token:
        last = _place(token, order, descending)
        ranked = [(k, one) for k, one in ranked if (k < last if descending else k > last)]
    page = ranked[:limit]
    following = _token(order, descending, page[-1][0]) if len(ranked) > limit else ""
    return [one for _, one in page], following


Key = tuple[int, Any, str]


def _key(place: Place) -> Key:
    value, name = place
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        value = "" if value is None else json.dumps(value, sort_keys=True, default=str)
    return (1 if isinstance(value, str) else 0, value, name)


def _token(order: str, descending: bool, key: Key) -> str:
    place = json.dumps([order, descending, *key])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(token: str, order: str, descending: bool) -> Key:
    try:
        padded = token + "=" * (-len(token) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        asked, direction, rank, value, name = place
        if [asked, direction] != [order, descending] or not isinstance(name, str):
            raise bad_next_token()
        if not isinstance(value, (str if rank == 1 else (int, float))):
            raise bad_next_token()
        return (int(rank), value, name)
    except (ValueError, TypeError, RecursionError):
        raise bad_next_token() from None
