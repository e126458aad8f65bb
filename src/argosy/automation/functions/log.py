"""What functions print, on its way to their log streams.

One thread writes for all environments, so that no disk holds up control's loop. What an environment
prints faster than can be kept makes it wait (`EnvironmentLog.breath`), as a full pipe does.
"""

import queue
import re
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from secrets import token_hex
from time import monotonic

from argosy.automation.functions.inside import log_group
from argosy.ground.functions import FunctionVersion
from argosy.ground.paths import DataDir
from argosy.runtimes.function import LINE, MESSAGE
from argosy.telemetry.logs import MAX_EVENT_BYTES, LogWriter

TAIL = 4096
"""Bytes that an invocation may be answered with."""

_BURST = 4 << 20
_RATE = 2 << 20
_LINE_COST = 100
_GATHER_S = 0.02
_LONGEST = MAX_EVENT_BYTES // 2

_MESSAGE, _LINE = MESSAGE.encode(), LINE.encode()
_ENDS = re.compile(rb"(?<!\0)\n")

Lines = list[tuple[int, str]]
"""Milliseconds since the epoch, and a line without its end."""


class LogSink:
    """The thread that writes."""

    def __init__(self, data_dir: DataDir, max_bytes: int) -> None:
        self._root = data_dir.logs
        self._max_bytes = max_bytes
        self._queue: queue.SimpleQueue[tuple[LogWriter, Lines | None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def writer(self, version: FunctionVersion, stream: str) -> LogWriter:
        """Of a new stream; only this sink may use it."""
        place = self._root, version.account, version.region
        return LogWriter(*place, log_group(version), stream, self._max_bytes)

    def put(self, writer: LogWriter, lines: Lines | None) -> None:
        """Have lines written, or the stream closed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="function-logs", daemon=True)
            self._thread.start()
        self._queue.put((writer, lines))

    def stop(self) -> None:
        """Return when everything is written."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(10)
            self._thread = None

    def _write(self) -> None:
        more = True
        while more:
            entries = [self._queue.get()]
            if entries[0] is not None:
                time.sleep(_GATHER_S)  # few wakings: each takes a turn from control's loop
            while not self._queue.empty():
                entries.append(self._queue.get())
            more = None not in entries
            _write_all(entry for entry in entries if entry is not None)


def _write_all(entries: Iterable[tuple[LogWriter, Lines | None]]) -> None:
    """The lines of each stream together; a stream is closed after its last ones."""
    waiting: dict[LogWriter, Lines] = {}
    for writer, lines in entries:
        if lines is not None:
            waiting.setdefault(writer, []).extend(lines)
        else:
            writer.write_all(waiting.pop(writer, ()))
            writer.close()
    for writer, some in waiting.items():
        writer.write_all(some)


class EnvironmentLog:
    """The log of one environment."""

    def __init__(self, sink: LogSink, version: FunctionVersion, now: float) -> None:
        self.stream = stream_name(version, now)
        self._sink = sink
        self._writer = sink.writer(version, self.stream)
        self._rest = b""
        self._lines: Lines = []
        self._tail: bytearray | None = None
        self._budget = float(_BURST)
        self._counted = monotonic()

    def begin(self, *, tail: bool) -> None:
        """An invocation begins; what is logged from now on is its tail, if one is wanted."""
        self._tail = bytearray() if tail else None

    def output(self, data: bytes) -> None:
        """What was printed, cut anywhere."""
        *whole, rest = _lines(self._rest + data)
        while len(rest) > _LONGEST:
            whole.append(rest[:_LONGEST])
            rest = rest[_LONGEST:]
        self._rest = rest
        for line in whole:
            self._printed(line)
        self._budget -= len(data) + _LINE_COST * len(whole)
        if len(self._lines) > 256:
            self.flush()

    def line(self, text: str) -> None:
        """A line of the platform's own; what was printed before it ends there."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._printed(rest)
        self._add(text)

    def breath(self) -> float:
        """Seconds for which nothing more should be read; 0 mostly."""
        now = monotonic()
        self._budget = min(self._budget + (now - self._counted) * _RATE, _BURST)
        self._counted = now
        return 0.0 if self._budget > 0 else min(0.5, 0.02 - self._budget / _RATE)

    def end(self) -> bytes:
        """The invocation is over: its tail."""
        tail, self._tail = self._tail, None
        self.flush()
        return bytes(tail[-TAIL:]) if tail else b""

    def flush(self) -> None:
        if self._lines:
            self._sink.put(self._writer, self._lines)
            self._lines = []

    def close(self) -> None:
        """The environment is over."""
        if self._rest:
            self.line("")
            self._lines.pop()
        self.flush()
        self._sink.put(self._writer, None)

    def _printed(self, line: bytes) -> None:
        """A line, or a message of the function's log; what was printed before it ends there."""
        before, mark, message = line.partition(_MESSAGE)
        if before or not mark:
            self._add(_text(before))
        if mark:
            self._add(_text(message))

    def _add(self, line: str) -> None:
        self._lines.append((int(time.time() * 1000), line))
        if self._tail is not None:
            self._tail += line.encode() + b"\n"
            if len(self._tail) > 16 * TAIL:
                del self._tail[:-TAIL]


def _lines(data: bytes) -> list[bytes]:
    """Cut at the ends of lines, but for those within messages."""
    return _ENDS.split(data) if _LINE in data else data.split(b"\n")


def _text(printed: bytes) -> str:
    return printed.replace(_LINE, b"\n").decode("utf-8", "replace")


def stream_name(version: FunctionVersion, now: float) -> str:
    """yyyy/mm/dd/[version]32 hex digits, the day being UTC's; with the function's name before it in
    a group that others may have, too."""
    name = "" if log_group(version) == f"/aws/lambda/{version.name}" else version.name
    day = f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d}"
    return f"{day}/{name}[{version.version}]{token_hex(16)}"
