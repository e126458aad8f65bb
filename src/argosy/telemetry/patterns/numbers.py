"""Regular expressions that find a number in a line of a log: metric definitions of jobs.

The first group of the first match is the number, or the whole match where there is no group
(reference/container-contract.md §6, Metrics). They run in RE2, so that no line makes one explode;
what RE2 has not (looking ahead or behind, back references) is refused.
"""

import math
from collections.abc import Callable

import re2

from argosy.telemetry.patterns.errors import BadPattern

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20

Finder = Callable[[str], float | None]


def compile_number(text: str) -> Finder:
    """What finds the number in a line, None where there is none; raises BadPattern."""
    try:
        compiled = re2.compile(text.encode("utf-8", "replace"), _OPTIONS)
    except re2.error as error:
        raise BadPattern(f"the regular expression {text!r} is wrong: {_why(error)}") from None
    group = 1 if compiled.groups else 0

    def find(line: str) -> float | None:
        match = compiled.search(line.encode("utf-8", "replace"))
        return None if match is None else _number(match.group(group))

    return find


def _number(text: bytes | None) -> float | None:
    try:
        number = float((text or b"").decode("ascii"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _why(error: Exception) -> str:
    why = error.args[0] if error.args else ""
    return why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
