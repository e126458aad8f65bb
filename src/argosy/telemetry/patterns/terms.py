"""Patterns of terms, for any message.

    ERROR timeout      both terms          "out of memory"   a phrase
    -DEBUG             not this term       ?ERROR ?WARN      any of them       %regex%

Terms are case-sensitive. Optional terms beside others are ignored, as the service does.
"""

import re
from collections.abc import Callable

from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.form import PLAIN, Pattern
from argosy.telemetry.patterns.regexes import compile_regex

_TERM = re.compile(
    r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|([^\s"%]+))(?=\s|$)', re.DOTALL
)

_Has = Callable[[str], bool]


def term_pattern(pattern: str) -> Pattern:
    """Raises BadPattern."""
    terms: dict[str, list[_Has]] = {"": [], "-": [], "?": []}
    at, regexes = 0, 0
    while at < len(pattern):
        match = _TERM.match(pattern, at)
        if match is None:
            raise BadPattern("it has an open quotation mark or an empty term")
        sign, phrase, regex, word = match.groups()
        regexes += regex is not None
        terms[sign].append(_has(phrase, regex, word))
        at = match.end()
    test = _predicate(terms[""], terms["-"], terms["?"])
    return Pattern(lambda message: PLAIN if test(message) else None, regexes)


def _has(phrase: str | None, regex: str | None, word: str | None) -> _Has:
    if regex is not None:
        return compile_regex(regex)
    term = _word(word or "") if phrase is None else re.sub(r"\\(.)", r"\1", phrase, flags=re.DOTALL)
    return lambda text: term in text


def _predicate(needed: list[_Has], excluded: list[_Has], optional: list[_Has]) -> _Has:
    if needed or excluded:
        return lambda text: (
            all(has(text) for has in needed) and not any(has(text) for has in excluded)
        )
    if optional:
        return lambda text: any(has(text) for has in optional)
    return lambda text: True


def _word(word: str) -> str:
    """AWS wants every term with other characters than these in quotation marks."""
    if not re.fullmatch(r"\w+", word):
        raise BadPattern(f'put the term {word} in quotation marks: "{word}"')
    return word
