"""Handlers over a database, with nothing that runs beside them."""

import secrets
from typing import Any

from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.api.dispatch import Dispatch
from argosy.ground.clock import Clock
from argosy.ground.functions import NoFunctions
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore


def dispatch(records: Records, settings: Settings, clock: Clock, **parts: Any) -> Dispatch:
    """`parts`: those of Dispatch that are given; the others are made here."""
    made: dict[str, Any] = {
        "messaging": Messaging(records, clock),
        "metrics": MetricStore(records.transactions, clock),
        "functions": NoFunctions(),
        "sessions": RoleSessions(records, clock, RootKey("", secrets.token_hex())),
    }
    return Dispatch(records, settings, clock, **(made | parts))
