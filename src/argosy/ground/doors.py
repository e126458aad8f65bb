"""A request that comes to an API or a function's URL, and its answer, as plain data.

Whoever answers such requests is a `Door`; `argosy.api` speaks HTTP for it. It is not awaited any
longer when the client has gone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

API = "/_aws/execute-api/"
FUNCTION_URL = "/_aws/lambda-url/"
"""What the path of such a request begins with."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose valid signature the request bears."""

    account: str
    arn: str
    user_id: str
    region: str


@dataclass(frozen=True, slots=True)
class DoorRequest:
    """One request, whole."""

    method: str
    path: str
    """What follows the prefix: id and path, percent-encoded as it came."""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order they came, repeated ones too; none of Argosy's own."""
    written: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name, how the client wrote it, where that was another way."""
    body: bytes = b""
    signer: Signer | None = None
    """None when nothing is signed; a wrong signature never comes here."""
    request_id: str = ""
    source_ip: str = ""

    def header(self, name: str) -> str | None:
        """The last value of a header by its lower-case name."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


@dataclass(slots=True)
class DoorAnswer:
    """One answer, whole; a header may be repeated."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


Door = Callable[[DoorRequest], Awaitable[DoorAnswer]]
