"""Lines: whatever the chunks, ranges and limits, each record is in one batch and in one range."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent.porter.transform.batch import joined
from argosy.agent.porter.transform.failures import BadInput
from argosy.agent.porter.transform.lines import Payload, line_batches, records_in, single_lines

TEXT = st.lists(st.text("ab,\r", max_size=12), max_size=30).map("\n".join).map(str.encode)


class Dribble:
    """A source that gives a few bytes at a time."""

    def __init__(self, content: bytes, most: int) -> None:
        self._file, self._most = io.BytesIO(content), most

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._most))


def bodies(content: bytes, payload: Payload, start: int, end: int | None, most: int) -> list[bytes]:
    source = Dribble(content[max(start - 1, 0) :], most)
    return [joined(batch.body) for batch in line_batches(source, start, end, payload)]


@given(TEXT, st.integers(14, 60), st.integers(1, 20), st.lists(st.integers(0, 400), max_size=4))
def test_ranges_of_an_object_hold_each_byte_once(
    content: bytes, limit: int, most: int, cuts: list[int]
) -> None:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(content)})]
    ends = [*edges[1:], None]
    found = [
        bodies(content, Payload(limit, limit), start, end, most)
        for start, end in zip(edges, ends, strict=True)
    ]
    assert b"".join(body for part in found for body in part) == content
    assert all(len(body) <= limit for part in found for body in part)
    assert all(body.endswith(b"\n") for body in [one for part in found for one in part][:-1])


@given(TEXT, st.integers(14, 60), st.integers(1, 20))
def test_batches_say_where_they_are_and_how_many_records_they_hold(
    content: bytes, limit: int, most: int
) -> None:
    position = records = 0
    for batch in line_batches(Dribble(content, most), 0, None, Payload(limit, limit)):
        body = joined(batch.body)
        assert (batch.start, batch.first, batch.size) == (position, records, len(body))
        assert content[batch.start : batch.end] == body
        assert batch.records == body.count(b"\n") + (not body.endswith(b"\n"))
        position, records = batch.end, records + batch.records
    assert position == len(content)


@given(TEXT, st.integers(14, 60), st.integers(1, 20))
def test_single_lines_are_the_records_without_line_ends(
    content: bytes, limit: int, most: int
) -> None:
    batches = line_batches(Dribble(content, most), 0, None, Payload(limit, limit))
    singles = list(single_lines(batches))
    assert [joined(one.body) for one in singles] == records_in(content)
    assert all(one.start <= one.end <= len(content) for one in singles)
    assert [one.first for one in singles] == list(range(len(singles)))


def test_packing_takes_as_many_whole_lines_as_fit() -> None:
    content = b"".join(b"line %d\n" % number for number in range(9))  # 7 bytes each
    assert bodies(content, Payload(15, 15), 0, None, 100) == [
        content[index : index + 14] for index in range(0, 63, 14)
    ]


@pytest.mark.parametrize("content", [b"short\n" + b"x" * 21 + b"\n", b"short\n" + b"x" * 21])
def test_a_line_beyond_the_limit_is_named(content: bytes) -> None:
    with pytest.raises(BadInput, match="one record is longer than MaxPayloadInMB") as caught:
        bodies(content, Payload(20, 20), 0, None, 7)
    assert caught.value.first == 1


def test_where_payloads_are_unbounded_a_line_may_be_as_long_as_it_is() -> None:
    content = b"short\n" + b"x" * 500 + b"\nmore\n"
    found = bodies(content, Payload(20, 10_000), 0, None, 50)
    assert b"".join(found) == content
    assert len(found) == 3 or len(found) == 2


def test_what_lies_wholly_in_another_range_is_nobody_elses() -> None:
    content = b"a" * 30 + b"\nb\n"
    assert bodies(content, Payload(64, 64), 0, 10, 5) == [content[:31]]
    assert bodies(content, Payload(64, 64), 10, 20, 5) == []
    assert bodies(content, Payload(64, 64), 20, None, 5) == [b"b\n"]


def test_line_ends_of_windows_are_no_part_of_a_record() -> None:
    assert records_in(b"a\r\n\r\nb\n\nc") == [b"a", b"b", b"c"]
