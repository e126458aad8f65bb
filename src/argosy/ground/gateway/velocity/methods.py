"""The methods of texts, lists, maps and numbers that templates may call, by their Java names."""

from collections.abc import Callable
from typing import Any

import re2

from argosy.ground.gateway.patterns import compiled

_LONGEST = 10 << 20


def _grown(held: list[Any], item: Any) -> bool:
    if len(held) > 100_000:
        raise TypeError("the list is too long")
    held.append(item)
    return True


def _put(held: dict[str, Any], key: Any, value: Any) -> Any:
    before = held.get(str(key))
    if len(held) > 100_000:
        raise TypeError("the map is too large")
    held[str(key)] = value
    return before


def _replace(text: str, old: str, new: str) -> str:
    if not old or text.count(old) * len(new) > _LONGEST:
        raise TypeError("this cannot be replaced")
    return text.replace(old, new)


def _concat(text: str, more: str) -> str:
    if len(text) + len(more) > _LONGEST:
        raise TypeError("the text is too long")
    return text + more


def _replace_all(text: str, pattern: str, new: str) -> str:
    if (len(text) + 1) * (len(new) + 1) > _LONGEST * 10:
        raise TypeError("this cannot be replaced")
    return str(re2.sub(_pattern(pattern), new.replace("$", "\\"), text))


def _split(text: str, pattern: str) -> list[str]:
    parts = list(re2.split(_pattern(pattern), text))
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _pattern(pattern: str) -> Any:
    try:
        return compiled(pattern)
    except ValueError:
        raise TypeError("the pattern cannot be read") from None


def _entries(held: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in held.items()]


METHODS: dict[tuple[str, str], Callable[..., Any]] = {
    ("text", "length"): len,
    ("text", "isEmpty"): lambda text: not text,
    ("text", "contains"): lambda text, part: part in text,
    ("text", "startsWith"): lambda text, part: text.startswith(part),
    ("text", "endsWith"): lambda text, part: text.endswith(part),
    ("text", "indexOf"): lambda text, part: text.find(part),
    ("text", "lastIndexOf"): lambda text, part: text.rfind(part),
    ("text", "substring"): lambda text, start, end=None: text[start:end],
    ("text", "toLowerCase"): lambda text: text.lower(),
    ("text", "toUpperCase"): lambda text: text.upper(),
    ("text", "trim"): lambda text: text.strip(),
    ("text", "concat"): _concat,
    ("text", "equals"): lambda text, other: text == other,
    ("text", "equalsIgnoreCase"): lambda text, other: text.lower() == other.lower(),
    ("text", "replace"): _replace,
    ("text", "replaceAll"): _replace_all,
    ("text", "split"): _split,
    ("text", "matches"): lambda text, pattern: bool(re2.fullmatch(_pattern(pattern), text)),
    ("text", "toString"): lambda text: text,
    ("list", "size"): len,
    ("list", "isEmpty"): lambda held: not held,
    ("list", "get"): lambda held, place: held[place],
    ("list", "contains"): lambda held, item: item in held,
    ("list", "indexOf"): lambda held, item: held.index(item) if item in held else -1,
    ("list", "add"): _grown,
    ("map", "size"): len,
    ("map", "isEmpty"): lambda held: not held,
    ("map", "get"): lambda held, key: held.get(key),
    ("map", "containsKey"): lambda held, key: key in held,
    ("map", "keySet"): lambda held: list(held),
    ("map", "values"): lambda held: list(held.values()),
    ("map", "entrySet"): _entries,
    ("map", "put"): _put,
    ("map", "remove"): lambda held, key: held.pop(key, None),
    ("number", "toString"): str,
    ("number", "intValue"): int,
    ("number", "doubleValue"): float,
}
