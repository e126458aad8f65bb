"""The queue of asynchronous invocations: what is due, for whom, and what remains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.state import invocations
from argosy.state.database import open_database
from argosy.state.invocations import Invocations
from argosy.state.records import Records

PLACE = ("000000000000", "us-east-1")
F, G = (f"arn:aws:lambda:us-east-1:000000000000:function:{name}" for name in "fg")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


def test_what_has_waited_longest_comes_first(records: Records) -> None:
    queue = Invocations(records.transactions)
    queue.add(*PLACE, "g", b"1", 20.0)
    queue.add(*PLACE, f"{F}:live", b"2", 10.0, request_id="id", trace="Root=1")
    queue.add(*PLACE, "f", b"3", 30.0)

    assert queue.due(25.0) == [F, G]
    (found,) = queue.due_of(F, 25.0, 5)
    assert (found.arn, found.payload, found.request_id) == (f"{F}:live", b"2", "id")
    assert (found.trace, found.attempts) == ("Root=1", 0)
    assert queue.next_at(25.0) == 30.0
    assert queue.due_of(F, 40.0, 1, without=[found.number])[0].payload == b"3"


def test_one_that_is_put_off_is_due_later_and_one_that_ended_never(records: Records) -> None:
    queue = Invocations(records.transactions)
    queue.add(*PLACE, "f", b"{}", 0.0)
    (found,) = queue.due_of(F, 0.0, 1)
    queue.postpone(found.number, 60.0, 1, 0)
    assert queue.due(59.0) == []
    assert queue.due_of(F, 60.0, 1)[0].attempts == 1
    assert queue.delete(found.number)
    assert not queue.delete(found.number)
    assert queue.count_of(F) == 0


def test_it_joins_a_transaction_and_rings_after_it(records: Records) -> None:
    queue, rung = Invocations(records.transactions), []
    records.listen(rung.append)

    def add_two() -> None:
        with records.transaction():
            queue.add(*PLACE, "f", b"{}", 0.0)
            queue.add(*PLACE, "no function", b"{}", 0.0)

    with pytest.raises(ValueError, match="cannot"):
        add_two()
    assert (queue.due(9.0), rung) == ([], [])
    queue.add(*PLACE, "f", b"{}", 0.0)
    assert rung == [invocations.KIND]


@pytest.mark.parametrize(("name", "size"), [("no function", 1), ("f", invocations.MAX_PAYLOAD + 1)])
def test_what_cannot_be_invoked_is_not_written(records: Records, name: str, size: int) -> None:
    with pytest.raises(ValueError, match="cannot be invoked"):
        Invocations(records.transactions).add(*PLACE, name, b"1" * size, 0.0)
