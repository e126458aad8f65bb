"""Text cut at newlines into mini-batches, without a look at single lines where none is needed.

A line belongs to the range that its first byte lies in, so that ranges of one object can be read
by different instances. Lines keep their line ends as they are, CRLF too; the last line may lack
its own. Quotes mean nothing: a newline within them ends a line all the same (as on SageMaker).
"""

from collections.abc import Iterator
from typing import Protocol

from argosy.agent.porter.transform.batch import Batch, Buffer, joined
from argosy.agent.porter.transform.failures import BadInput


class Source(Protocol):
    """Bytes in order."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes, fewer only at the end; b"" there."""
        ...


class Payload:
    """How much a request carries: packed up to `packed` bytes, one record up to `most`."""

    def __init__(self, packed: int, most: int) -> None:
        self.packed = packed
        self.most = most

    def too_long(self, number: int) -> BadInput:
        """The error of a record that does not fit."""
        most = self.most / (1 << 20)
        return BadInput(
            f"one record is longer than MaxPayloadInMB ({most:g} MB); raise MaxPayloadInMB or "
            "check SplitType",
            first=number,
            count=1,
        )


def line_batches(source: Source, start: int, end: int | None, payload: Payload) -> Iterator[Batch]:
    """Batches of the lines that begin in [start, end); `end` None: to the source's end.

    source: begins at `start` - 1, or at 0 when `start` is 0, and goes on beyond `end`.
    Raises BadInput for a line that is too long.
    """
    position, ahead = (0, b"") if start == 0 else _skip(source, start)
    number, rest, over = 0, b"", end is not None and position >= end
    while not over:
        wanted = payload.packed if len(rest) < payload.packed else payload.most
        if ahead:
            data, ahead = ahead[: wanted - len(rest)], ahead[wanted - len(rest) :]
        else:
            data = source.read(wanted - len(rest)) if wanted > len(rest) else b""
        if not data:
            if len(rest) >= payload.most:
                raise payload.too_long(number)
            break
        cut, over = _cut(data, position + len(rest), end)
        if not cut:
            rest += data
            continue
        body: list[Buffer] = [rest] if rest else []
        body.append(data if cut == len(data) else memoryview(data)[:cut])
        count = data.count(b"\n", 0, cut)
        after = position + len(rest) + cut
        yield Batch(body, position, after, number, count)
        position, rest, number = after, data[cut:], number + count
    if rest and not over:
        yield Batch([rest], position, position + len(rest), number, 1)


def single_lines(batches: Iterator[Batch]) -> Iterator[Batch]:
    """One batch for each line, without its line end; blank lines are left out."""
    number = 0
    for batch in batches:
        position = batch.start
        for line in joined(batch.body).split(b"\n"):
            after = min(position + len(line) + 1, batch.end)
            record = line.removesuffix(b"\r")
            if record:
                yield Batch([record], position, after, number, 1)
                number += 1
            position = after


def records_in(text: bytes) -> list[bytes]:
    """The lines of a body without their line ends; blank ones are left out."""
    lines = text.split(b"\n")
    if b"\r" in text:
        lines = [line.removesuffix(b"\r") for line in lines]
    if not lines[-1]:
        lines.pop()
    return [line for line in lines if line] if b"" in lines else lines


def _skip(source: Source, start: int) -> tuple[int, bytes]:
    """The position of the first line that begins at or behind `start`, and what was read of it."""
    position = start - 1
    while data := source.read(1 << 16):
        index = data.find(b"\n")
        if index >= 0:
            return position + index + 1, data[index + 1 :]
        position += len(data)
    return position, b""


def _cut(data: bytes, position: int, end: int | None) -> tuple[int, bool]:
    """How much of the data is whole lines of ours, and whether they are the last ones."""
    if end is not None and position + len(data) >= end:
        index = data.find(b"\n", max(0, end - 1 - position))
        if index >= 0:
            return index + 1, True
    return data.rfind(b"\n") + 1, False
