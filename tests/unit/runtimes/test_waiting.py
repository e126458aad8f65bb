"""The queue of requests before the model."""

from argosy.runtimes.waiting import MOST_BYTES, MOST_REQUESTS, Request, Waiting


def ask(number: int, body: bytes = b"x", connection: object = None) -> Request:
    return Request(connection, number, False, b"", body)


def ids(batch: list[Request]) -> list[int]:
    return [request.request_id for request in batch]


def test_requests_of_one_form_are_taken_together_and_forms_in_turn() -> None:
    waiting = Waiting()
    for number, form in enumerate(["a", "b", "a", "b"]):
        waiting.add(form, ask(number))
    assert ids(waiting.take()[1]) == [0, 2]
    assert ids(waiting.take()[1]) == [1, 3]
    assert not waiting
    assert waiting.bytes == 0


def test_requests_without_form_are_taken_one_by_one() -> None:
    waiting = Waiting()
    for number in range(3):
        waiting.add(None, ask(number))
    assert [ids(waiting.take()[1]) for _ in range(3)] == [[0], [1], [2]]


def test_a_batch_is_bounded_in_requests_and_what_is_over_goes_behind_the_others() -> None:
    waiting = Waiting()
    for number in range(MOST_REQUESTS + 1):
        waiting.add("a", ask(number))
    waiting.add("b", ask(-1))
    assert len(waiting.take()[1]) == MOST_REQUESTS
    assert ids(waiting.take()[1]) == [-1]
    assert ids(waiting.take()[1]) == [MOST_REQUESTS]


def test_a_batch_is_bounded_in_bytes_but_never_empty() -> None:
    waiting = Waiting()
    big = bytes(MOST_BYTES + 1)
    waiting.add("a", ask(0, big))
    waiting.add("a", ask(1))
    assert ids(waiting.take()[1]) == [0]
    assert ids(waiting.take()[1]) == [1]


def test_cancelled_requests_and_those_of_lost_askers_are_forgotten() -> None:
    waiting = Waiting()
    here, gone = object(), object()
    for number in range(3):
        waiting.add("a", ask(number, connection=here))
        waiting.add("b", ask(number, connection=gone))
    waiting.cancel(here, 1)
    waiting.cancel(here, 99)
    waiting.drop(gone)
    assert waiting.bytes == 2
    assert ids(waiting.take()[1]) == [0, 2]
    assert not waiting
