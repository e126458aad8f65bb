"""What one platform answers that is no operation of AWS."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from argosy.api.asgi import Asgi
from argosy.api.internal import Internal, Order
from argosy.ground.doors import Door

Page = Callable[[str], Awaitable[tuple[str, bytes]]]
"""Takes an Accept header; returns content type and body."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Nothing but its health, unless told otherwise."""

    internal: Mapping[str, Internal] = field(default_factory=dict)
    """Argosy's own routes: "GET /_argosy/status" → an async function."""
    orders: Mapping[str, Order] = field(default_factory=dict)
    """The same, for those that take an account and a body."""
    distribution: Asgi | None = None
    """Answers under /v2/, where bodies are too large to be read whole."""
    page: Page | None = None
    """What Prometheus reads."""
    doors: Mapping[str, Door] = field(default_factory=dict)
    """What comes to APIs and URLs of functions, each under its prefix."""
