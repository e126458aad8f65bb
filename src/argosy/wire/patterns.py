r"""Patterns of botocore's models, which are Java's, as Python's.

Java matches the whole value, its \d \w \s are ASCII, and it knows \p{…} classes. A pattern that
cannot be translated is not checked, knowingly: refusing good values would be worse than letting
a bad one through to the handler. `tests/wire/test_patterns.py` lists which those are.
"""

import re
import sys
import unicodedata
import warnings
from functools import cache

MAX_LENGTH = 20_000
"""Longer values are not matched: time, and no pattern that lacks a length is for them."""

_POSIX = {
    "Alnum": "0-9A-Za-z",
    "Alpha": "A-Za-z",
    "ASCII": r"\x00-\x7f",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Space": r"\t-\r ",
    "Upper": "A-Z",
}

_PROPERTY = re.compile(r"\\p\{(\w+)\}|\\p([A-Z])")
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CLASS_THEN_DASH = re.compile(r"(\\[wdsWDS])-(?!\])")


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches; True when the pattern cannot be checked."""
    if len(value) > MAX_LENGTH:
        return True
    compiled = compile_java(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def compile_java(pattern: str) -> re.Pattern[str] | None:
    """The pattern for Python's `re`, or None when it cannot be had."""
    translated = _PAIR.sub(_join_pair, pattern)
    translated = _CLASS_THEN_DASH.sub(r"\1\\-", translated)
    try:
        translated = _PROPERTY.sub(_expand, translated)
        with warnings.catch_warnings():
            # "possible nested set": Java's [a[b]] would mean something else here.
            warnings.simplefilter("error", FutureWarning)
            return re.compile(translated, re.ASCII)
    except (re.error, KeyError, FutureWarning):
        return None


def _join_pair(match: re.Match[str]) -> str:
    """Java reads two surrogates as the one character that they spell."""
    high, low = int(match[1], 16), int(match[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _expand(match: re.Match[str]) -> str:
    """A \\p{…} as ranges for a character class; KeyError when unknown.

    Outside of a class it gets brackets of its own, told by an unclosed "[" before it.
    """
    name = match[1] or match[2]
    ranges = _POSIX[name] if name in _POSIX else _category(name)
    before = match.string[: match.start()]
    inside = before.count("[") - before.count(r"\[") > before.count("]") - before.count(r"\]")
    return ranges if inside else f"[{ranges}]"


def _category(name: str) -> str:
    if len(name) > 2:
        raise KeyError(name)
    return "".join(
        ranges for category, ranges in _categories().items() if category.startswith(name)
    ) or _unknown(name)


def _unknown(name: str) -> str:
    raise KeyError(name)


@cache
def _categories() -> dict[str, str]:
    """Unicode's general categories ("Lu", "Zs", …) as ranges. Takes some 100 ms, once."""
    found: dict[str, list[str]] = {}
    category, first = unicodedata.category("\0"), 0
    for point in range(1, sys.maxunicode + 1):
        here = unicodedata.category(chr(point))
        if here != category:
            found.setdefault(category, []).append(f"\\U{first:08x}-\\U{point - 1:08x}")
            category, first = here, point
    found.setdefault(category, []).append(f"\\U{first:08x}-\\U{sys.maxunicode:08x}")
    return {category: "".join(ranges) for category, ranges in found.items()}
