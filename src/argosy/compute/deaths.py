"""Noticing at once that an agent died: a pidfd per agent in the event loop, which rings control.

A help to be quick, not to be right: `list` reads the world anyway.
"""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from argosy.ground.processes import ProcessId


class Deaths:
    """Rings the doorbell when a watched process ends."""

    def __init__(self, doorbell: Path) -> None:
        self._doorbell = doorbell
        self._watched: dict[ProcessId, int] = {}

    def watch(self, process: ProcessId) -> None:
        """Ring when it ends. To be called within the loop; again for the same one is nothing."""
        if process in self._watched or process.pid <= 0:
            return
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            return
        self._watched[process] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._died, process)

    def close(self) -> None:
        """Watch nobody any more."""
        for process in list(self._watched):
            self._forget(process)

    def _died(self, process: ProcessId) -> None:
        self._forget(process)
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as bell,
        ):
            bell.sendto(b"", os.fspath(self._doorbell))

    def _forget(self, process: ProcessId) -> None:
        descriptor = self._watched.pop(process)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
