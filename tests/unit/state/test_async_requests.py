"""The queue of asynchronous requests against a real database."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from argosy.state.async_requests import AsyncRequests, NewRequest
from argosy.state.database import open_database
from argosy.state.transactions import Transactions


@pytest.fixture
def queue(engine: sa.Engine) -> AsyncRequests:
    return AsyncRequests(Transactions(engine))


def new(number: str, queue: str = "q", body: bytes | None = None, ttl_s: float = 60) -> NewRequest:
    return NewRequest(queue, number, ttl_s, f'{{"n": "{number}"}}', body)


def ids(requests: list) -> list[str]:
    return [request.id for request in requests]


def test_requests_are_read_in_the_order_in_which_they_were_kept(queue: AsyncRequests) -> None:
    queue.keep([new("b"), new("a")], now=1.0)
    queue.keep([new("x", queue="other"), new("c")], now=2.0)

    first, second = queue.after("q", 0, 2)
    assert ids([first, second, *queue.after("q", second.seq, 2)]) == ["b", "a", "c"]
    assert (first.received, first.expires, first.document) == (1.0, 61.0, {"n": "b"})


def test_what_was_kept_is_there_for_the_next_process(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "argosy.db")
    AsyncRequests(Transactions(engine)).keep([new("a", body=b"\0payload")], now=1.0)
    engine.dispose()

    engine = open_database(tmp_path / "argosy.db")
    again = AsyncRequests(Transactions(engine))
    kept = again.keep([new("b")], now=2.0)
    assert ids(again.after("q", 0, 9)) == ["a", "b"]
    assert kept[0].seq == again.newest == 2
    assert again.bodies(["a", "b"]) == {"a": b"\0payload"}
    engine.dispose()


def test_finished_requests_are_gone_and_others_stay(queue: AsyncRequests) -> None:
    queue.keep([new(str(number)) for number in range(1200)], now=1.0)
    queue.finish([str(number) for number in range(1, 1200)] + ["unknown"])

    assert queue.sizes() == {"q": 1}
    assert ids(queue.find([str(number) for number in range(1200)])) == ["0"]


def test_a_dropped_queue_leaves_the_others_alone(queue: AsyncRequests) -> None:
    queue.keep([new("a"), new("b", queue="other")], now=1.0)
    queue.drop("q")

    assert queue.sizes() == {"other": 1}


def test_the_longest_expired_request_comes_first(queue: AsyncRequests) -> None:
    queue.keep([new("late", ttl_s=90), new("soon", ttl_s=30), new("never", ttl_s=900)], now=0.0)

    assert ids(queue.expired(100.0, 9)) == ["soon", "late"]
    assert ids(queue.expired(100.0, 1)) == ["soon"]


def test_an_undone_transaction_keeps_the_request_that_it_finished(engine: sa.Engine) -> None:
    transactions = Transactions(engine)
    queue = AsyncRequests(transactions)
    queue.keep([new("a")], now=1.0)

    def finish_and_stumble() -> None:
        with transactions.begin():
            queue.finish(["a"])
            raise RuntimeError("the notice could not be written")

    with pytest.raises(RuntimeError):
        finish_and_stumble()
    assert queue.sizes() == {"q": 1}
