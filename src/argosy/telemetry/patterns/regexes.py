"""Regular expressions between percent signs: the part of them that CloudWatch Logs allows.

Letters, digits, `:_#=@/;,-` and space; the operators `^ $ ? [ ] { } | \\ * + .`; no groups. They
run in RE2, whose time grows with the message and never explodes.
"""

import re
from collections.abc import Callable

import re2

from argosy.telemetry.patterns.errors import BadPattern

_ALLOWED = re.compile(r"(?:[A-Za-z0-9:_#=@/;,\- ^$?\[\]{}|*+.]|\\[!-~])+")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


def compile_regex(text: str) -> Callable[[str], bool]:
    """Whether it is found in a message; raises BadPattern."""
    if not text:
        raise BadPattern("it has an empty regular expression")
    if not _ALLOWED.fullmatch(text):
        raise BadPattern(
            f"the regular expression %{text}% has characters that are not supported; letters, "
            "digits, :_#=@/;,- and the operators ^$?[]{}|\\*+. are"
        )
    try:
        compiled = re2.compile(text, _OPTIONS)
    except re2.error as error:
        raise BadPattern(f"the regular expression %{text}% is wrong: {_why(error)}") from None
    return lambda message: compiled.search(message.encode("utf-8", "replace")) is not None


def _why(error: Exception) -> str:
    why = error.args[0] if error.args else ""
    return why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
