"""Reads on in the streams of one log group: what came since the last time, a bounded amount."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from argosy.telemetry.logs import Event, LogGroupMissing, LogReader, LogStreamMissing

MOST_EVENTS = 5_000
"""Of one stream in one pass; the rest comes in the next."""

Place = tuple[str, str, str]
"""Account, region, group."""


@dataclass
class Read:
    """What came, with the stream it came in, and to where each stream has been read."""

    events: list[tuple[str, Event]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    more: bool = False


def read_on(
    root: Path, place: Place, positions: dict[str, int], streams: Sequence[str] | None = None
) -> Read:
    """Events behind `positions`; a stream that is not among them is read from its beginning.

    streams: those that are meant, whether they are there yet or not; None for all.
    """
    account, region, group = place
    reader = LogReader(root, account, region)
    read = Read()
    try:
        meant = reader.stream_names(group) if streams is None else streams
    except LogGroupMissing:
        return read
    for stream in meant:
        try:
            _read_stream(reader, group, stream, positions.get(stream, 0), read)
        except (LogGroupMissing, LogStreamMissing):
            continue
    return read


def _read_stream(reader: LogReader, group: str, stream: str, position: int, read: Read) -> None:
    _, end = reader.extent(group, stream)
    if position > end:
        position = 0  # It was removed, and made anew.
    after = position
    if position < end:
        events, after, _ = reader.read(group, stream, position, limit=MOST_EVENTS)
        read.events += [(stream, event) for event in events]
        read.more = read.more or after < end
    read.positions[stream] = after
