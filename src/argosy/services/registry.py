"""The table of operations: which function answers which AWS call.

    @operation("sagemaker", "DescribeModel")
    def describe_model(call: Call) -> dict[str, Any]:
        ...

`call.input` is the parsed request, already validated against botocore's model; what is returned
is written in the service's own protocol, again by botocore's model. Errors are raised. A call that
has to wait returns an awaitable; it is cancelled when its client goes away.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from argosy.access.roles import RoleSessions
from argosy.ground.clock import Clock
from argosy.ground.functions import Functions, NoFunctions
from argosy.ground.instances import StoreAccess
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.events import EventOutbox
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore

Routed = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Where there are no edges."""


@dataclass(frozen=True)
class Caller:
    """Who calls: the identity behind the signature."""

    account: str
    region: str
    arn: str
    user_id: str


@dataclass(frozen=True)
class Call:
    """One call of one operation, with everything a handler may use."""

    service: str
    operation: str
    input: dict[str, Any]
    caller: Caller
    request_id: str
    records: Records
    settings: Settings
    clock: Clock
    messaging: Messaging
    metrics: MetricStore
    host: str = ""
    """How the client names this platform: the request's Host."""
    functions: Functions = field(default_factory=NoFunctions)
    sessions: RoleSessions | None = None
    routed: Routed = at_once
    """Returns when the edges know what is in the database, or after a few seconds."""
    """Who gives out temporary credentials; None where nobody does."""
    store: StoreAccess | None = None
    """How objects are reached; None where there is no store."""
    trace: str = ""
    """The request's X-Amzn-Trace-Id: what led here, when a function calls."""

    @property
    def events(self) -> EventOutbox:
        """What happened; to be written in the transaction of the change that it tells of."""
        return EventOutbox(self.records.transactions)

    @property
    def base(self) -> str:
        """The URL by which the client reaches this platform, without a path."""
        return f"{'https' if self.settings.tls_cert else 'http'}://{self.host}"


Handler = Callable[[Call], dict[str, Any] | Awaitable[dict[str, Any]]]

_table: dict[tuple[str, str], Handler] = {}


def operation(service: str, name: str) -> Callable[[Handler], Handler]:
    """Enter a function in the table under botocore's service and operation names."""

    def enter(handler: Handler) -> Handler:
        _table[service, name] = handler
        return handler

    return enter


def find(service: str, name: str) -> Handler | None:
    """The function that answers, or None when Argosy does not offer the operation."""
    return _table.get((service, name))


def offered() -> dict[str, list[str]]:
    """Service → names of the operations that are answered, sorted; for docs and tests."""
    services: dict[str, list[str]] = {}
    for service, name in sorted(_table):
        services.setdefault(service, []).append(name)
    return services
