"""Regular expressions of models, templates and authorizers: matched by RE2, in linear time. Pure.

Nothing of a pattern that cannot be read is logged: a template may take one from a client.
"""

from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def compiled(text: str) -> Any:
    """The pattern, kept by the library. Raises ValueError, which says why it cannot be used."""
    try:
        return re2.compile(text, _OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else error
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(why[:200]) from None
