"""One request on its way through the verbs: what came, what was found out, what is answered."""

from dataclasses import dataclass, field
from typing import Any

from argosy.services.registry import Caller
from argosy.wire import HttpRequest, HttpResponse, Match, Service


@dataclass
class Exchange:
    """Each verb fills in the next fields; the first three are there from the start."""

    request: HttpRequest
    request_id: str
    scope_service: str
    """Service name in the credential scope, as the edge tells it."""
    caller: Caller | None = None
    service: Service | None = None
    match: Match | None = None
    input: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    response: HttpResponse | None = None
