"""What is remembered of records is never older than the last commit."""

import pytest

from argosy.state.records import Records
from argosy.state.remembered import Remembered


@pytest.fixture
def known(records: Records) -> Remembered[list[str]]:
    return Remembered(records.transactions, "queue")


def names(records: Records, known: Remembered[list[str]]) -> list[str]:
    return known.get("all", lambda: [record.name for record in records.find("queue")])


def make(records: Records, name: str) -> None:
    records.create("queue", "1", "r", name, {}, now=1.0)


def test_a_commit_is_seen_at_once(records: Records, known: Remembered[list[str]]) -> None:
    make(records, "a")
    assert names(records, known) == ["a"]

    make(records, "b")

    assert names(records, known) == ["a", "b"]


def test_nothing_is_read_twice_meanwhile(records: Records, known: Remembered[list[str]]) -> None:
    names(records, known)
    make_other = records.create("topic", "1", "r", "x", {}, now=1.0)

    def fail() -> list[str]:
        raise AssertionError(make_other)

    assert known.get("all", fail) == []


def test_a_transaction_sees_its_own_writes_and_leaves_none_when_it_is_undone(
    records: Records, known: Remembered[list[str]]
) -> None:
    assert names(records, known) == []

    def undone() -> None:
        with records.transaction():
            make(records, "a")
            assert names(records, known) == ["a"]
            raise KeyError

    with pytest.raises(KeyError):
        undone()

    assert names(records, known) == []
