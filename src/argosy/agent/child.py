"""A forked process that does one piece of work for the agent and answers with a sentence.

What it imports and allocates goes with it, and hostile or slow input is ended by a kill.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from argosy.agent.parent import die_with_parent
from argosy.agent.watch import Watch

_LONGEST_SENTENCE = 8192


class Child:
    """Runs `work` in a fork; what it returns is why it failed, "" when it did not."""

    def __init__(
        self,
        watch: Watch,
        work: Callable[[], str],
        name: str = "Fetching the model data",
        *,
        heeds: bool = False,
    ) -> None:
        """heeds: the work calls `told_to_end`; a SIGTERM that comes before that waits for it."""
        self._watch = watch
        self._name = name
        self._sentence = b""
        self.ended = False
        self._reader, writer = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        self._pid = os.fork()
        if self._pid == 0:
            _run(work, writer, parent, name, heeds=heeds)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.close(writer)
        watch.add(self._reader, self._read)

    @property
    def sentence(self) -> str:
        """Why it failed; "" when it did not."""
        return self._sentence.decode("utf-8", "replace")

    def terminate(self) -> None:
        """SIGTERM, which ends work that does not heed it."""
        if not self.ended:
            os.kill(self._pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it now. Idempotent."""
        if not self.ended:
            os.kill(self._pid, signal.SIGKILL)
            self._finish()

    def _read(self) -> None:
        data = os.read(self._reader, _LONGEST_SENTENCE)
        self._sentence += data
        if not data:
            self._finish()

    def _finish(self) -> None:
        self.ended = True
        self._watch.remove(self._reader)
        os.close(self._reader)
        _, status = os.waitpid(self._pid, 0)
        if status and not self._sentence:
            code = os.waitstatus_to_exitcode(status)
            self._sentence = f"{self._name} broke off (status {code}).".encode()


def told_to_end() -> threading.Event:
    """In work that heeds SIGTERM: set once that has come."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return told


def _run(work: Callable[[], str], writer: int, parent: int, name: str, *, heeds: bool) -> None:
    """The child's whole life; does not return."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not heeds:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent(parent)
        os.write(writer, work().encode("utf-8", "replace")[:_LONGEST_SENTENCE])
        status = 0
    except BaseException as error:
        sys.stderr.write(f"{name}: {error!r}\n")
    finally:
        os._exit(status)
