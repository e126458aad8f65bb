"""A request as the public connection hands it on."""

import hashlib
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from argosy.access.canonical import EMPTY_SHA256, Asked
from argosy.edge.route import Route
from argosy.edge.shape import Known, Shape

if TYPE_CHECKING:
    from argosy.edge.connection import Connection
    from argosy.edge.tunnel import Tunnel

_EMPTY = hashlib.sha256()
_NOTHING: list[bytes] = []
"""Never added to: the first piece of a body makes a list of its own."""


class Sink(Protocol):
    """Takes the body of a request while it comes in."""

    def body(self, data: bytes) -> None:
        """The next piece."""
        ...

    def end(self) -> None:
        """The body is complete."""
        ...

    def abandon(self) -> None:
        """The client is gone."""
        ...

    def pause(self) -> None:
        """The client does not take its answer as fast as it comes."""
        ...

    def resume(self) -> None:
        """The client takes again."""
        ...


class Request:
    """Head and body of one request, and the connection that wants the answer."""

    # What most requests never change stands here, so that it costs nothing to make one.
    parts: list[bytes] = _NOTHING
    """The body as it came."""
    size = 0
    digest: Any = _EMPTY
    """SHA-256 of the body so far."""
    complete = False
    expects = False
    """The client waits for 100 Continue."""
    held = 0
    """Bytes of the body that count against the edge's buffer."""
    limit = 0
    known: Known | None = None
    route: Route | None = None
    sink: Sink | None = None
    """Who takes the body; None while it is collected here."""
    waiter: Any = None
    """What to abandon when the client goes."""
    tunnel: "Tunnel | None" = None
    """Where its connection goes, if it asks for a WebSocket and may."""
    request_id = b""
    traceparent = ""
    """What the model is told to be within, where the request is traced."""
    looked_at = False
    """Whether it is traced has been decided."""

    def __init__(
        self,
        connection: "Connection",
        method: bytes,
        target: bytes,
        shape: Shape,
        values: list[bytes],
        keep_alive: bool,
    ) -> None:
        self.connection = connection
        self.method = method
        self.target = target
        self.shape = shape
        self.values = values
        self.keep_alive = keep_alive
        self.begun = perf_counter()

    def header(self, name: str) -> bytes | None:
        """The value of a header by its lower-case name; the last one when it is repeated."""
        place = self.shape.places.get(name)
        return None if place is None else self.values[place]

    def text(self, name: str) -> str:
        """The same as text, "" when it is not there."""
        value = self.header(name)
        return "" if value is None else value.decode("latin-1")

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition(b"?")[2].decode("latin-1")

    @property
    def body_hash(self) -> str:
        """Hex SHA-256 of the body, once it is complete."""
        return EMPTY_SHA256 if self.digest is _EMPTY else str(self.digest.hexdigest())

    def asked(self) -> Asked:
        """The request as signatures see it."""
        headers: dict[str, str] = {}
        for name, value in zip(self.shape.names, self.values, strict=True):
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]},{text}" if name in headers else text
        return Asked(self.method.decode(), self.path, self.query, headers)
