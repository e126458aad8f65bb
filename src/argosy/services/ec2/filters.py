"""Filters and pages of Describe calls: every filter must hold, by any of its values; * and ? stand
for text.

A field is a function from what is described to the texts that a filter of its name looks at. A
page's token holds the place of the last one given, so that what comes or goes between two calls
neither repeats nor hides another.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from argosy.ground.globs import fits
from argosy.services.ec2.errors import Ec2Error, invalid
from argosy.services.registry import Call

T = TypeVar("T")
Fields = Mapping[str, Callable[[T], Iterable[str]]]
Tags = Callable[[T], Sequence[dict[str, str]]]
Place = tuple[float, str]
"""What is sorted by, and a name that tells those apart where it is the same."""

_TAG = "tag:"
_MOST_VALUES = 200
_LONGEST = 255
_PAGES = range(5, 1001)


def chosen(call: Call, found: Iterable[T], fields: Fields[T], tags: Tags[T] | None) -> list[T]:
    """Those that all Filters of the call hold for; `tags`: None where there are none to look at.

    Raises Ec2Error for a filter of no field.
    """
    filters = call.input.get("Filters") or ()
    if sum(len(one.get("Values") or ()) for one in filters) > _MOST_VALUES:
        raise Ec2Error(
            "FilterLimitExceeded", f"The maximum number of filter values is {_MOST_VALUES}."
        )
    tests = [_test(one, fields, tags) for one in filters]
    return [one for one in found if all(test(one) for test in tests)]


def page(call: Call, found: list[T], place: Callable[[T], Place]) -> tuple[list[T], str | None]:
    """The page that is asked for, in order, and the token of the next one. Raises Ec2Error."""
    most, token = call.input.get("MaxResults"), call.input.get("NextToken")
    if most is not None and most not in _PAGES:
        bound = f"greater than {_PAGES[0]}" if most < _PAGES[0] else f"less than {_PAGES[-1]}"
        raise invalid(
            f"Value ( {most} ) for parameter maxResults is invalid. Expecting a value {bound}."
        )
    if most is not None and call.input.get("InstanceIds"):
        raise Ec2Error(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    last = _place(token) if token else None
    left = sorted((one for one in found if last is None or place(one) > last), key=place)
    shown = left[:most] if most else left
    return shown, _token(place(shown[-1])) if len(left) > len(shown) else None


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(token: str) -> Place:
    try:
        moment, name = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        if not isinstance(moment, int | float) or not isinstance(name, str):
            raise TypeError(token)
        return moment, name
    except (ValueError, TypeError, RecursionError):
        raise Ec2Error("InvalidNextToken", "The token is not valid for this request.") from None


def _test(given: dict[str, Any], fields: Fields[T], tags: Tags[T] | None) -> Callable[[T], bool]:
    name, values = given.get("Name") or "", given.get("Values") or []
    texts = _texts(name, fields, tags)
    if any(len(value) > _LONGEST for value in values):
        raise invalid(f"A value of the filter '{name}' has more than {_LONGEST} characters")

    def holds(one: T) -> bool:
        return any(fits(value, text, escaped=True) for text in texts(one) for value in values)

    return holds


def _texts(name: str, fields: Fields[T], tags: Tags[T] | None) -> Callable[[T], Iterable[str]]:
    if tags is not None and name.startswith(_TAG):
        key = name.removeprefix(_TAG)
        return lambda one: [tag["Value"] for tag in tags(one) if tag["Key"] == key]
    if tags is not None and name == "tag-key":
        return lambda one: [tag["Key"] for tag in tags(one)]
    if name not in fields:
        raise invalid(f"The filter '{name}' is invalid")
    return fields[name]
