"""Messages that nobody sees any more are removed, and no others."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from argosy.ground.clock import ManualClock
from argosy.messaging import Messaging
from argosy.messaging.expiring import Expiring
from argosy.messaging.queue import Queue
from argosy.messaging.sending import Letter
from argosy.state.database import open_database
from argosy.state.message_tables import queue_messages
from argosy.state.records import Records

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture
def messaging(tmp_path: Path) -> Iterator[Messaging]:
    engine = open_database(tmp_path / "a.db")
    yield Messaging(Records(engine), ManualClock())
    engine.dispose()


def filled(messaging: Messaging, name: str, letters: int) -> Queue:
    queue = messaging.queues.create(ACCOUNT, REGION, name, {"MessageRetentionPeriod": "60"}, {})
    with messaging.records.transaction():
        for number in range(letters):
            messaging.sending.send(queue, Letter(str(number)), "me", messaging.clock.now())
    return queue


def rows(messaging: Messaging) -> int:
    wanted = sa.select(sa.func.count()).select_from(queue_messages)
    return int(messaging.records.transactions.read(wanted)[0][0])


def test_what_was_purged_deleted_or_too_old_leaves_the_database(messaging: Messaging) -> None:
    clock = messaging.clock
    assert isinstance(clock, ManualClock)
    filled(messaging, "old", 10)
    clock.advance(59)
    messaging.queues.purge(filled(messaging, "purged", 1500))
    messaging.queues.delete(filled(messaging, "deleted", 10))
    filled(messaging, "kept", 5)
    clock.advance(2)

    asyncio.run(Expiring(messaging).sweep())

    assert rows(messaging) == 5
    kept = messaging.queues.get(ACCOUNT, REGION, "kept")
    assert messaging.messages.counts(kept.id, clock.now(), 0.0).visible == 5
