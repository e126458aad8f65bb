"""What a model answers, and how anything that went wrong becomes an answer.

Refuses to let an exception out of a request: `failure` turns each of them into a status and a
JSON body with the members `error`, `error-message` and, where code failed rather than input,
`stack-trace`, as the SageMaker framework containers do (reference/container-contract.md §4).
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Union

from argosy.runtimes.frames import encode_head

Body = Union[bytes, bytearray]  # noqa: UP007 - evaluated, and `|` needs Python 3.10

_TRACE_LIMIT = 16_384


class Answer(NamedTuple):
    """A whole answer, or with an iterator as `body` the pieces of one (bytes or str)."""

    status: int
    head: bytes
    body: bytes | Iterator[Any]


class Fault(Exception):
    """The request cannot be answered as asked; one sentence says what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status


def content_head(content_type: str, extra: Mapping[str, str] | None = None) -> bytes:
    """The head of an answer of that type; `extra` are further fields (custom-attributes, …)."""
    return encode_head({"content-type": content_type, **(extra or {})})


_JSON_HEAD = content_head("application/json")


def refusal(error: BaseException, status: int) -> Answer:
    """The answer to a request whose input is at fault: the message, no stack trace."""
    kind = "BadRequest" if isinstance(error, Fault) else type(error).__name__
    return _answer(status, {"error": kind, "error-message": str(error)})


def failure(error: BaseException) -> Answer:
    """The answer to a request during which code raised `error`.

    The status is the error's own `status_code` when it carries one, else 500. What is not a
    `Fault` comes with its stack trace, in the body and on stderr.
    """
    if isinstance(error, Fault):
        return refusal(error, error.status_code)
    if isinstance(error, SystemExit):
        return failure_text(error, f"the model's code called sys.exit({error.code!r})")
    return failure_text(error, str(error))


def failure_text(error: BaseException, message: str) -> Answer:
    """`failure` with a message of its own."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(trace, file=sys.stderr, end="", flush=True)  # noqa: T201 - stderr is the model's log
    return _answer(
        _status_of(error),
        {
            "error": type(error).__name__,
            "error-message": message,
            "stack-trace": trace[-_TRACE_LIMIT:],
        },
    )


def _status_of(error: BaseException) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and 400 <= status <= 599 else 500


def _answer(status: int, fields: Mapping[str, str]) -> Answer:
    return Answer(status, _JSON_HEAD, json.dumps(fields).encode())
