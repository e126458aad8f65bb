"""Filter patterns of CloudWatch Logs: a text in, something that looks at messages out. Pure.

    ERROR -DEBUG "out of memory"              terms (`terms`)
    %error \\d+%                               a regular expression (`regexes`)
    { $.code = 5* && $.user NOT EXISTS }      messages that are JSON (`json_form`)
    [ip, user, status = 4*, size > 1000]      messages of words (`words_form`)

Sources: CloudWatch Logs user guide, "Filter pattern syntax". A message of n characters is looked
at in a time that grows with n, whatever pattern and message are.
"""

from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.form import Found, Pattern
from argosy.telemetry.patterns.json_form import json_pattern
from argosy.telemetry.patterns.terms import term_pattern
from argosy.telemetry.patterns.words_form import words_pattern

__all__ = ["BadPattern", "Found", "Pattern", "compile_pattern"]

_MOST_REGEXES = 2


def compile_pattern(text: str) -> Pattern:
    """Raises BadPattern with a sentence that says what is wrong."""
    stripped = text.strip()
    if stripped.startswith("{"):
        pattern = json_pattern(stripped)
    elif stripped.startswith("["):
        pattern = words_pattern(stripped)
    else:
        pattern = term_pattern(stripped)
    if pattern.regexes > _MOST_REGEXES:
        raise BadPattern(f"it has more than {_MOST_REGEXES} regular expressions")
    return pattern
