"""One event of a log as one line of a file, and back. Pure.

    <timestamp ms>\\t<escaped text>\\n
    <timestamp ms>+<ms until it was taken in>\\t<escaped text>\\n

The second form is that of events which were sent later than they happened, or with a time to come.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_EVENT_BYTES = 256 * 1024
"""A longer line of a model becomes several events (CloudWatch Logs' limit for many years)."""


@dataclass(frozen=True)
class Event:
    """One line of a log. `position` is its byte offset in the stream, stable for ever."""

    position: int
    timestamp_ms: int
    message: str
    ingestion_ms: int


def line_of(message: str, timestamp_ms: int, ingestion_ms: int | None = None) -> bytes:
    """The event as a line, its newline included."""
    late = "" if ingestion_ms is None else f"{ingestion_ms - timestamp_ms:+d}"
    return f"{timestamp_ms}{late}\t{_escape(message)}\n".encode("utf-8", "replace")


def event_of(line: bytes, position: int) -> Event:
    """What `line_of` made, without the newline; a line of another form has the time 0."""
    stamp, _, text = line.partition(b"\t")
    happened, taken_in = _times(stamp)
    return Event(position, happened, _unescape(text.decode("utf-8", "replace")), taken_in)


def pieces(line: str) -> Iterator[str]:
    """The line in pieces of at most MAX_EVENT_BYTES bytes of UTF-8, never within a character."""
    if len(line) * 4 <= MAX_EVENT_BYTES:
        yield line
        return
    data = line.encode("utf-8", "replace")
    for start, end in _cuts(data):
        yield data[start:end].decode("utf-8", "replace")


def _times(stamp: bytes) -> tuple[int, int]:
    """When it happened and when it was taken in."""
    if stamp.isdigit():
        return int(stamp), int(stamp)
    for sign in (b"+", b"-"):
        happened, found, late = stamp.partition(sign)
        if found and happened.isdigit() and late.isdigit():
            return int(happened), int(happened) + int(sign + late)
    return 0, 0


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)


def _cuts(data: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(data):
        end = min(start + MAX_EVENT_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield start, end
        start = end
