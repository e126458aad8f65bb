"""A request and a response as plain values: what every dialect reads and writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HttpRequest:
    """One request, whole. `path` and `query` are as they came, still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True)
class HttpResponse:
    """One response, whole."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
