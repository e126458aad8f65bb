"""The event outbox: what is written with a change, and read by position."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.state import events
from argosy.state.database import open_database
from argosy.state.events import EventOutbox
from argosy.state.records import Records


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


def add(outbox: EventOutbox, name: str) -> int:
    arn = f"arn:aws:sagemaker:r:1:endpoint/{name}"
    return outbox.add("1", "r", "aws.sagemaker", "Something", [arn], {"Name": name}, 5.0)


def test_events_are_read_in_order_from_a_position_on(records: Records) -> None:
    outbox = EventOutbox(records.transactions)
    first = add(outbox, "a")
    add(outbox, "b")
    add(outbox, "c")

    found = outbox.after(first, limit=1)

    assert [(one.detail, one.source, one.at) for one in found] == [
        ({"Name": "b"}, "aws.sagemaker", 5.0)
    ]
    assert found[0].resources == ["arn:aws:sagemaker:r:1:endpoint/b"]
    assert [one.detail["Name"] for one in outbox.after(found[0].position)] == ["c"]
    assert len({one.id for one in outbox.after(0)}) == 3


def test_a_change_that_is_undone_leaves_no_event(records: Records) -> None:
    outbox = EventOutbox(records.transactions)

    def change() -> None:
        with records.transaction():
            add(outbox, "a")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change()

    assert outbox.after(0) == []


def test_only_the_newest_are_kept_and_numbers_do_not_come_again(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_EVENTS", 3)
    outbox = EventOutbox(records.transactions)
    with records.transaction():
        last = [add(outbox, str(number)) for number in range(300)][-1]

    outbox.prune()
    kept = [one.position for one in outbox.after(0)]
    outbox.delete_all()

    assert kept == [last - 2, last - 1, last]
    assert add(outbox, "next") == last + 1


def test_what_a_reader_has_not_read_is_not_dropped(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_EVENTS", 3)
    outbox = EventOutbox(records.transactions)
    for _ in range(10):
        outbox.add("1", "r", "s", "t", [], {}, 1.0)
    outbox.move("rules", 2)
    assert (outbox.prune(), len(outbox.after(0))) == (2, 8)
    outbox.move("rules", 9)
    assert (outbox.prune(), outbox.position("rules")) == (5, 9)
