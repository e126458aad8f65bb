"""CloudWatch Logs' filter patterns for unstructured text: a pattern in, a predicate out. Pure.

    ERROR timeout      both terms          "out of memory"   a phrase
    -DEBUG             not this term       ?ERROR ?WARN      any of them

Terms are case-sensitive. Optional terms beside others are ignored, as the service does. JSON,
space-delimited and regular-expression patterns are refused, not guessed at.
"""

import re
from collections.abc import Callable

from argosy.ground.errors import InvalidParameterException

Matches = Callable[[str], bool]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)', re.DOTALL)


def compile_pattern(pattern: str) -> Matches:
    """A predicate on messages; raises InvalidParameterException for what is not a term pattern."""
    _refuse_other_kinds(pattern.strip())
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    at, end = 0, len(pattern.rstrip())
    while at < end:
        match = _TERM.match(pattern, at)
        if match is None:
            raise _invalid("it has an open quotation mark or an empty term")
        sign, phrase, word = match.groups()
        terms[sign].append(_word(word) if phrase is None else _unescape(phrase))
        at = match.end()
    return _predicate(terms[""], terms["-"], terms["?"])


def _predicate(needed: list[str], excluded: list[str], optional: list[str]) -> Matches:
    if needed or excluded:
        return lambda text: (
            all(term in text for term in needed) and not any(term in text for term in excluded)
        )
    if optional:
        return lambda text: any(term in text for term in optional)
    return lambda text: True


def _refuse_other_kinds(pattern: str) -> None:
    kinds = (("{", "JSON"), ("[", "space-delimited"), ("%", "regular-expression"))
    for sign, kind in kinds:
        if pattern.startswith(sign):
            raise InvalidParameterException(
                f"Argosy does not support {kind} filter patterns: use plain terms, "
                '"quoted phrases", -excluded and ?optional terms.'
            )


def _word(word: str) -> str:
    """AWS wants every term with other characters than these in quotation marks."""
    if not re.fullmatch(r"\w+", word):
        raise _invalid(f'put the term {word} in quotation marks: "{word}"')
    return word


def _unescape(phrase: str) -> str:
    return re.sub(r"\\(.)", r"\1", phrase, flags=re.DOTALL)


def _invalid(why: str) -> InvalidParameterException:
    return InvalidParameterException(f"Invalid filter pattern: {why}.")
