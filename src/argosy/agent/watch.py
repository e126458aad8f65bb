"""Waiting: one selector for everything the agent listens to, with signals as an exception."""

import os
import selectors
import signal
import time
from collections.abc import Callable
from types import FrameType


class Terminated(Exception):
    """SIGTERM or SIGINT came: the instance shall go."""


class Watch:
    """Runs a callback whenever its file is readable, while the one thread waits for something."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._told_to_stop = False
        self._deaf = False
        self._wake, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, _ignore)
        self.add(self._wake, self._drain_wake)

    def add(self, descriptor: int, readable: Callable[[], object]) -> None:
        """Call `readable` whenever the file has something to read, or was closed."""
        self._selector.register(descriptor, selectors.EVENT_READ, readable)

    def remove(self, descriptor: int) -> None:
        """Forget the file; do this before it is closed."""
        self._selector.unregister(descriptor)

    def until(self, happened: Callable[[], bool], deadline: float) -> bool:
        """Wait for `happened()`; False when `deadline` (monotonic seconds) comes first.

        Raises Terminated as soon as a stop signal has come, unless `hear_no_more` was called.
        """
        while True:
            if self._told_to_stop and not self._deaf:
                raise Terminated
            if happened():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._turn(left)

    def pause(self, seconds: float) -> None:
        """Serve the callbacks for a while."""
        self._turn(seconds)

    def pause_until_woken(self, seconds: float) -> None:
        """Wait until anything happened, at most so long. Raises Terminated like `until`."""
        turns = 0

        def turned() -> bool:
            nonlocal turns
            turns += 1
            return turns > 1

        self.until(turned, time.monotonic() + seconds)

    def hear_no_more(self) -> None:
        """From now on stop signals change nothing: stopping is under way."""
        self._deaf = True

    def _turn(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            key.data()

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._told_to_stop = True

    def _drain_wake(self) -> None:
        os.read(self._wake, 4096)


def _ignore(number: int, frame: FrameType | None) -> None:
    """A child ended: waking up is all that is needed."""
