"""What the parts of automation are built from, over a database, without a store."""

from pathlib import Path
from typing import Any

from argosy.ground.clock import Clock
from argosy.ground.instances import StoreAccess
from argosy.ground.operations import NoOperations, Operations
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.means import Means
from argosy.messaging import Messaging
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore

_STORE = StoreAccess(
    url="http://store", region="us-east-1", access_key_id="k", secret_access_key="s"
)


def means_over(
    records: Records,
    folder: Path,
    clock: Clock,
    operations: Operations | None = None,
    **settings: Any,
) -> Means:
    """folder: the data folder, which is not made."""
    return Means(
        records,
        Settings(**{"data_dir": str(folder), **settings}),
        DataDir.at(folder),
        clock,
        _STORE,
        Messaging(records, clock),
        MetricStore(records.transactions, clock),
        operations or NoOperations(),
    )
