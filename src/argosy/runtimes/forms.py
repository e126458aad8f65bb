"""How a request is read and answered, by its head: Content-Type and Accept, looked up once.

Knows names of types; reads no body.
"""

from __future__ import annotations

from typing import NamedTuple

from argosy.runtimes.answers import Fault, content_head
from argosy.runtimes.dialect import Dialect
from argosy.runtimes.frames import decode_head
from argosy.runtimes.media import JSON, choose

_CACHED_HEADS = 4096


class Form(NamedTuple):
    """How a request is read and answered."""

    read: str
    write: str | None
    """None when nothing that the client accepts can be written."""
    head: bytes
    accept: str


class Forms:
    """The forms of the heads seen so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._forms: dict[bytes, Form] = {}

    def of(self, head: bytes) -> Form:
        """The form of a request with that head."""
        form = self._forms.get(head)
        if form is None:
            if len(self._forms) >= _CACHED_HEADS:  # heads with an inference id never come again
                self._forms.clear()
            form = self._forms[head] = self._parse(head)
        return form

    def written(self, form: Form) -> str:
        """The type to write; raises Fault 406 when the client accepts none of them."""
        if form.write is None:
            offered = ", ".join(self._dialect.offered)
            raise Fault(406, f"Accept {form.accept} is not supported; use one of {offered}")
        return form.write

    def _parse(self, head: bytes) -> Form:
        fields = decode_head(head)
        accept = fields.get("accept", "")
        offered = self._dialect.offered
        write = choose(accept, self._dialect.answers_in, offered)
        write = write if write in offered else None
        read = self._dialect.reads(fields.get("content-type", ""))
        return Form(read, write, content_head(write or JSON), accept)
