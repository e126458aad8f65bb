"""What every reconciler does with its plans: write them down, and clear away what nobody owns."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from argosy.compute.base import Backend
from argosy.ground.instances import Instance
from argosy.state.records import Record, Records, Stale
from argosy.state.state_changes import announce

log = logging.getLogger(__name__)


class Planned(Protocol):
    """What a record shall say."""

    @property
    def status(self) -> str: ...

    @property
    def document(self) -> Mapping[str, Any]: ...


def write(records: Records, record: Record, plan: Planned, now: float) -> Record | None:
    """Record what was decided; None when the record moved on meanwhile (look again)."""
    if plan.status == record.status and plan.document == record.document:
        return _unchanged(records, record)
    try:
        with records.transaction():
            changed = records.update(
                record,
                now=now,
                document=dict(plan.document),
                status=plan.status,
                touch=plan.status != record.status,
            )
            announce(records, changed, now, record)
    except Stale:
        return None
    if plan.status != record.status:
        log.info("%s %s: %s -> %s", record.kind, record.name, record.status, plan.status)
    return changed


async def clear_away(backend: Backend, orphans: Iterable[Instance]) -> None:
    """Stop those that live, and forget the dead."""
    for instance in orphans:
        if instance.alive:
            await backend.stop(instance.spec.instance_id)
        else:
            await backend.forget(instance.spec.instance_id)


def _unchanged(records: Records, record: Record) -> Record | None:
    current = records.get(record.kind, record.account, record.region, record.name)
    return record if current is not None and current.version == record.version else None
