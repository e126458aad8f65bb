r"""Texts with * and ? in them: which texts fit. Pure.

By RE2, in linear time: many stars would keep Python's own expressions busy for hours.
Event patterns have rules of their own (`ground.event_patterns.globbing`).
"""

import re
from functools import lru_cache
from typing import Any

import re2

_SIGNS = {"*": ".*", "?": "."}


def fits(pattern: str, text: str, *, signs: str = "*?", escaped: bool = False) -> bool:
    r"""Whether the whole text fits: `*` is any text, `?` any letter.

    signs: which of the two mean something. escaped: each means itself behind a backslash.
    """
    return _compiled(pattern, signs, escaped).fullmatch(_clean(text)) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, signs: str, escaped: bool) -> Any:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL) if escaped else list(pattern)
    known = {sign: _SIGNS[sign] for sign in signs}
    options = re2.Options()
    options.dot_nl = True
    options.max_mem = 64 << 20
    text = "".join(known.get(part) or re2.escape(_clean(part[-1])) for part in parts)
    return re2.compile(text, options)


def _clean(text: str) -> str:
    """Without lone surrogates, which are no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
