"""The script contract of SageMaker's TensorFlow Serving container, which is unlike the others'.

code/inference.py has `handler(data, context)`, or `input_handler(data, context)` and
`output_handler(response, context)` with a predict call between them; `data` is a binary stream,
`response` has what scripts use of requests.Response, and all return (body, content type).
Source: the container's README and python_service.py. There is no gRPC port and no channel.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from argosy.runtimes.answers import Answer, Body, content_head
from argosy.runtimes.base import LoadError
from argosy.runtimes.frames import decode_head
from argosy.runtimes.media import JSON
from argosy.runtimes.tensorflow_bodies import attributes
from argosy.runtimes.tensorflow_errors import answer_to
from argosy.runtimes.tensorflow_http import Loopback

Handler = Callable[[Any, Any], Any]


class Context(NamedTuple):
    """A request as the container describes it to a script."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: None
    channel: None
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int


class Response:
    """What came of the predict call, as far as scripts look at a requests.Response."""

    def __init__(self, url: str, status: int, content: bytes) -> None:
        self.url = url
        self.status_code = status
        self.content = content
        self.headers = {"Content-Type": JSON, "Content-Length": str(len(content))}
        self.encoding = "utf-8"
        self.reason = "OK" if status == 200 else "Error"

    @property
    def ok(self) -> bool:
        return self.status_code < 400

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        """Raises OSError, of which requests' own error is a kind, for an error status."""
        if not self.ok:
            raise OSError(f"{self.status_code} {self.reason} for url: {self.url}: {self.text}")

    def iter_content(self, chunk_size: int = 1) -> Iterator[bytes]:
        for start in range(0, len(self.content), chunk_size):
            yield self.content[start : start + chunk_size]


class Handlers(NamedTuple):
    """The functions of a script: `whole`, or else `before` and `after` the predict call."""

    whole: Handler | None
    before: Handler
    after: Handler

    def run(self, data: Any, context: Context, loopback: Loopback) -> Any:
        """What the script answers: (body, content type), or a body alone."""
        if self.whole:
            return self.whole(data, context)
        asked = _bytes(self.before(data, context))
        status, content = loopback.post(urlsplit(context.rest_uri).path, asked)
        return self.after(Response(context.rest_uri, status, content), context)


def handlers_of(module: ModuleType) -> Handlers:
    """The script's functions; raises LoadError when they are not there."""
    whole, before, after = (
        getattr(module, name, None) for name in ("handler", "input_handler", "output_handler")
    )
    if not callable(whole) and not (callable(before) and callable(after)):
        raise LoadError(
            "the script has neither handler(data, context) nor both of input_handler(data,"
            " context) and output_handler(response, context)"
        )
    return Handlers(whole, before, after)  # type: ignore[arg-type]


class Script:
    """A `Model` around a script's handlers. Requests are never merged."""

    def __init__(self, handlers: Handlers, loopback: Loopback) -> None:
        self._handlers = handlers
        self._loopback = loopback

    def form(self, head: bytes) -> Hashable:
        return None

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        """Part of `Model`, not asked for as `form` is None; answers as to requests without head."""
        return [self.answer(b"", body) for body in bodies]

    def answer(self, head: bytes, body: Body) -> Answer:
        try:
            context = self._context(decode_head(head), len(body))
            result = self._handlers.run(io.BytesIO(body), context, self._loopback)
            content_type = context.accept_header
            if isinstance(result, tuple) and len(result) == 2:
                result, content_type = result
            return Answer(200, content_head(str(content_type)), _bytes(result))
        except (Exception, SystemExit) as error:
            return answer_to(error)

    def _context(self, fields: Mapping[str, str], length: int) -> Context:
        custom = fields.get("custom-attributes")
        named = attributes(custom or "")
        name, version = named.get("tfs-model-name"), named.get("tfs-model-version")
        method = named.get("tfs-method")
        return Context(
            name,
            version,
            method,
            self._loopback.uri(name or "", version or "", method or "predict"),
            None,
            None,
            custom,
            fields.get("content-type", "").strip() or JSON,
            fields.get("accept", "").strip() or JSON,
            length,
        )


def _bytes(value: Any) -> bytes:
    """What a handler returned, as bytes; raises TypeError for what is neither text nor bytes."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if hasattr(value, "read"):
        return _bytes(value.read())
    raise TypeError(f"a handler of the script returned a {type(value).__name__}, not text or bytes")
