"""What the worker prints: line by line into the instance's log stream, the last lines kept."""

import os
import time
from collections import deque
from collections.abc import Iterable

from argosy.agent.watch import Watch
from argosy.telemetry.logs import MAX_EVENT_BYTES, LogWriter

_CHUNK = 64 * 1024
_PIPE_CHUNKS = 16
"""More than a pipe holds at once: who prints on and on is not waited for."""
_TAIL_LINES = 15
_HELD_LINES = 1000


class Output:
    """The reading end of the worker's stdout and stderr.

    Until a log is attached (a spare belongs to no endpoint yet) lines are held, a bounded number.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._reader, self.writer_descriptor = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._reader, False)
        watch.add(self._reader, self.read)
        self._open = True
        self._partial = b""
        self._log: LogWriter | None = None
        self._held: deque[tuple[str, int]] = deque(maxlen=_HELD_LINES)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    def attach(self, log: LogWriter) -> None:
        """Write what was held, and from now on every line, to this log."""
        self._log = log
        while self._held:
            log.write(*self._held.popleft())

    def note(self, text: str) -> None:
        """Put lines of our own into the log."""
        self._take(text.splitlines())

    def tail(self) -> list[str]:
        """The last lines, all that is in the pipe now included."""
        while self._open and self.read():
            pass
        return [*self._tail, *self._lines_of(self._partial)]

    def end_line(self) -> None:
        """Log what was printed last, though no newline has ended it."""
        for _ in range(_PIPE_CHUNKS):
            if not self.read():
                break
        self._take(self._lines_of(self._partial))
        self._partial = b""

    def read(self) -> bool:
        """Take what is there; False when there was nothing more."""
        if not self._open:
            return False
        try:
            data = os.read(self._reader, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._close()
            return False
        whole, newline, self._partial = (self._partial + data).rpartition(b"\n")
        if newline:
            self._take(self._lines_of(whole))
        if len(self._partial) >= MAX_EVENT_BYTES:
            self._take(self._lines_of(self._partial))
            self._partial = b""
        return True

    def close_writer(self) -> None:
        """The worker has its copy of the writing end; without ours, its end is our end of file."""
        os.close(self.writer_descriptor)

    def _close(self) -> None:
        self._take(self._lines_of(self._partial))
        self._partial = b""
        self._watch.remove(self._reader)
        os.close(self._reader)
        self._open = False

    @staticmethod
    def _lines_of(data: bytes) -> list[str]:
        return data.decode("utf-8", "replace").split("\n") if data else []

    def _take(self, lines: Iterable[str]) -> None:
        now = int(time.time() * 1000)
        for line in lines:
            text = line.rstrip("\r")
            self._tail.append(text)
            if self._log is None:
                self._held.append((text, now))
            else:
                self._log.write(text, now)
