"""What every part of automation is built from, and of control, which adds the machines."""

from dataclasses import dataclass, field

from argosy.ground.clock import Clock
from argosy.ground.inside import NoSessions, Sessions
from argosy.ground.instances import StoreAccess
from argosy.ground.operations import NoOperations, Operations
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.events import EventOutbox
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore


@dataclass(frozen=True)
class Means:
    """The database, the store, messages, metrics, and how this platform is set up."""

    records: Records
    settings: Settings
    data_dir: DataDir
    clock: Clock
    store: StoreAccess
    messaging: Messaging
    metrics: MetricStore
    operations: Operations = field(default_factory=NoOperations)
    """AWS operations of this platform, asked on somebody's behalf."""
    sessions: Sessions = field(default_factory=NoSessions)
    """Temporary credentials for what runs with a role."""

    @property
    def events(self) -> EventOutbox:
        """What happened, for whoever passes it on; written with the change that it tells of."""
        return EventOutbox(self.records.transactions)
