"""Calls the function that answers an operation, with everything that a handler may use.

Who asks from outside and what is asked from inside come to the same place: here.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from argosy.access.roles import RoleSessions
from argosy.ground.clock import Clock
from argosy.ground.functions import Functions
from argosy.ground.instances import StoreAccess
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.services import registry
from argosy.services.registry import Call, Caller
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore


@dataclass(frozen=True)
class Dispatch:
    """The parts of one platform that handlers work with."""

    records: Records
    settings: Settings
    clock: Clock
    messaging: Messaging
    metrics: MetricStore
    functions: Functions
    sessions: RoleSessions | None = None
    store: StoreAccess | None = None
    routed: registry.Routed = registry.at_once

    def __call__(
        self,
        service: str,
        operation: str,
        value: dict[str, Any],
        caller: Caller,
        request_id: str,
        host: str = "",
        trace: str = "",
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """What the handler answers to an input that is parsed and validated. Raises ApiError."""
        handler = registry.find(service, operation)
        assert handler is not None
        return handler(
            Call(
                service=service,
                operation=operation,
                input=value,
                caller=caller,
                request_id=request_id,
                records=self.records,
                settings=self.settings,
                clock=self.clock,
                messaging=self.messaging,
                metrics=self.metrics,
                host=host,
                functions=self.functions,
                sessions=self.sessions,
                store=self.store,
                trace=trace,
                routed=self.routed,
            )
        )
