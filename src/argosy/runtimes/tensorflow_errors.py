"""Errors in the form of TF Serving's REST API: {"error": "…"}."""

from __future__ import annotations

import json
import sys
import traceback

from argosy.runtimes.answers import Answer, Fault, content_head
from argosy.runtimes.media import JSON

_JSON_HEAD = content_head(JSON)


def answer_to(error: BaseException) -> Answer:
    """The answer to a request that raised: a Fault's status, else 500 and a trace in the log."""
    if isinstance(error, Fault):
        return _answer(error.status_code, str(error))
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(trace, file=sys.stderr, end="", flush=True)  # noqa: T201 - stderr is the model's log
    if isinstance(error, SystemExit):
        return _answer(500, f"the model's code called sys.exit({error.code!r})")
    return _answer(500, str(error) or type(error).__name__)


def _answer(status: int, message: str) -> Answer:
    return Answer(status, _JSON_HEAD, json.dumps({"error": message}).encode())
