"""FilterLogEvents: the events of many streams in order of time, those that match a pattern.

A call looks at a bounded number of events; its token says how far each stream was read, so that
nothing is skipped or given twice whatever is written or trimmed meanwhile.
"""

import asyncio
import heapq
import zlib
from collections.abc import Iterator
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.services.log_patterns import pattern_of
from argosy.services.log_reading import group_of, read_stream, reader_of, start_of, translated
from argosy.services.log_tokens import bad_token, pack, unpack
from argosy.services.registry import Call, operation
from argosy.telemetry.logs import Event
from argosy.telemetry.patterns import Pattern

_MOST_SCANNED = 20_000
_MOST_BYTES = 1 << 20
_CHUNK = {"limit": 2_000, "max_bytes": 1 << 18}


@operation("logs", "FilterLogEvents")
async def filter_log_events(call: Call) -> dict[str, Any]:
    """Read and looked at in a thread: a search may take a while."""
    asked = call.input
    if asked.get("startFromHead") is False:
        raise InvalidParameterException(
            "Argosy's FilterLogEvents reads from the head only: leave startFromHead out, or use "
            "GetLogEvents to read a stream from its tail."
        )
    pattern = pattern_of(asked.get("filterPattern") or "")
    group = group_of(asked)
    return await asyncio.to_thread(_search, call, group, pattern, start_of(call, group))


def _search(call: Call, group: str, pattern: Pattern, start_ms: int | None) -> dict[str, Any]:
    read_to = _positions(call.input.get("nextToken"))
    cursors = [
        _Cursor(stream, read_to.get(stream, 0), _ahead(call, group, stream, read_to, start_ms))
        for stream in _streams(call, group)
    ]
    events, complete = _merge(cursors, pattern, call.input.get("limit") or 10_000)
    body: dict[str, Any] = {"events": events, "searchedLogStreams": []}
    if not complete:
        body["nextToken"] = pack({c.stream: c.position for c in cursors if c.position})
    return body


class _Cursor:
    """One stream, read on in chunks; `position` is behind the last event taken."""

    def __init__(self, stream: str, position: int, ahead: Iterator[tuple[Event, int]]) -> None:
        """`ahead`: events from `position` on, each with the position behind it."""
        self.stream = stream
        self.position = position
        self._ahead = ahead
        self.head: Event | None = None
        self._after = position
        self.peek()

    def peek(self) -> None:
        """Have the next event in `head`, None at the end."""
        step = next(self._ahead, None)
        if step is None:
            self.head = None
        else:
            self.head, self._after = step

    def take(self) -> Event:
        assert self.head is not None
        event, self.position = self.head, self._after
        self.peek()
        return event


def _ahead(
    call: Call, group: str, stream: str, read_to: dict[str, int], start_ms: int | None
) -> Iterator[tuple[Event, int]]:
    """Events from where the stream was read to, each with the position behind it."""
    position, end = read_to.get(stream, 0), call.input.get("endTime")
    while True:
        events, after, _ = read_stream(
            call,
            group,
            stream,
            position,
            start_ms=start_ms,
            end_ms=None if end is None else end + 1,  # FilterLogEvents' end is inclusive.
            **_CHUNK,
        )
        if not events:
            return
        yield from zip(events, [*(e.position for e in events[1:]), after], strict=True)
        position = after


def _merge(
    cursors: list[_Cursor], pattern: Pattern, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """Matching events in order of time, and whether every stream was read to its end."""
    found: list[dict[str, Any]] = []
    size = scanned = 0
    heap = [(c.head.timestamp_ms, index) for index, c in enumerate(cursors) if c.head]
    heapq.heapify(heap)
    while heap and len(found) < limit and size < _MOST_BYTES and scanned < _MOST_SCANNED:
        _, index = heap[0]
        cursor = cursors[index]
        event = cursor.take()
        scanned += 1
        if pattern.matches(event.message):
            size += len(event.message)
            found.append(_body(cursor.stream, event))
        if cursor.head:
            heapq.heapreplace(heap, (cursor.head.timestamp_ms, index))
        else:
            heapq.heappop(heap)
    found.sort(key=lambda event: event["timestamp"])
    return found, not heap


def _streams(call: Call, group: str) -> list[str]:
    """Names of the streams that are asked for and are there."""
    names, prefix = call.input.get("logStreamNames"), call.input.get("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException("Give logStreamNames or logStreamNamePrefix, not both.")
    with translated():
        there = reader_of(call).stream_names(group, prefix or "")
    return [name for name in there if not names or name in names]


def _positions(token: str | None) -> dict[str, int]:
    if not token:
        return {}
    positions = unpack(token)
    if not isinstance(positions, dict) or not all(
        type(position) is int and position >= 0 for position in positions.values()
    ):
        raise bad_token()
    return positions


def _body(stream: str, event: Event) -> dict[str, Any]:
    return {
        "logStreamName": stream,
        "timestamp": event.timestamp_ms,
        "message": event.message,
        "ingestionTime": event.ingestion_ms,
        "eventId": f"{event.timestamp_ms:014d}{zlib.crc32(stream.encode()):010d}"
        f"{event.position:020d}",
    }
