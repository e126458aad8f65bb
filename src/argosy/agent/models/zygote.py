"""The agent's end of the zygote (`argosy.runtimes.zygote`), or of a bridge whose container has many
models (`argosy.runtimes.bridge.many`), which has a slot for each instead of a process.

It orders processes and hears of their ends; what they are for is not its business.
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.agent.link import Link
from argosy.agent.watch import Watch

_LONGEST_MESSAGE = 64 * 1024
_BACKLOG = 256


class Zygote:
    """One zygote. `theirs` is the descriptor it inherits; `started` once it did."""

    def __init__(self, watch: Watch, memory_limit: int) -> None:
        """memory_limit: bytes that one model may take."""
        self._watch = watch
        self._memory_limit = memory_limit
        self._mine, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._processes: dict[int, Process] = {}
        self._number = 0
        self._over: list[Process] = []
        self.ready = False
        self.why_not = ""
        """Why no model can be loaded, once it is ready."""
        self.closed = False
        watch.add(self._mine.fileno(), self._read)

    @property
    def theirs(self) -> int:
        return self._theirs.fileno()

    def started(self) -> None:
        """The zygote has its copy of the descriptor."""
        self._theirs.close()

    def fork(self, address: Path) -> "Process":
        """A new process that listens at this path, out of reach of every model's code; LOAD may
        be sent at once. Raises OSError."""
        self._number += 1
        address.unlink(missing_ok=True)
        agent, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, theirs:
            try:
                listener.bind(os.fspath(address))
                address.chmod(0o600)
                listener.listen(_BACKLOG)
                order = {"fork": self._number, "memory": self._memory_limit}
                descriptors = [listener.fileno(), theirs.fileno()]
                socket.send_fds(self._mine, [json.dumps(order).encode()], descriptors)
            except OSError:
                agent.close()
                address.unlink(missing_ok=True)
                raise
        number = self._number
        process = Process(
            Link(self._watch, agent), address, self._forget, lambda: self._end(number)
        )
        self._processes[self._number] = process
        return process

    def take_ended(self) -> list["Process"]:
        """The processes that have ended since the last call."""
        over, self._over = self._over, []
        return over

    def close(self) -> None:
        """Idempotent."""
        if not self.closed:
            self.closed = True
            self._watch.remove(self._mine.fileno())
            self._mine.close()
        self._theirs.close()
        for process in list(self._processes.values()):
            process.kill()
            process.ended(-signal.SIGKILL)

    def _end(self, number: int) -> None:
        """Order a slot to end."""
        if not self.closed:
            with contextlib.suppress(OSError):  # it is gone, which is noticed elsewhere
                self._mine.send(json.dumps({"end": number}).encode())

    def _forget(self, process: "Process") -> None:
        self._processes = {n: p for n, p in self._processes.items() if p is not process}
        self._over.append(process)

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._mine, _LONGEST_MESSAGE, 1)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self.close()
            return
        self._told(json.loads(data), descriptors)

    def _told(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "ready" in message:
            self.ready, self.why_not = True, str(message["why_not"])
            return
        process = self._processes.get(message.get("forked") or message.get("ended") or 0)
        if process is None:
            for descriptor in descriptors:
                os.close(descriptor)
        elif "ended" in message:
            process.ended(int(message["status"]), str(message.get("reason", "")))
        elif "reason" in message:
            process.ended(0, f"It could not be started: {message['reason']}.")
        else:
            process.born(descriptors[0] if descriptors else -1)


class Process:
    """A model's process, or its slot: the agent's link to it, and its end."""

    def __init__(
        self,
        link: Link,
        path: Path,
        forget: Callable[["Process"], None],
        end_slot: Callable[[], None],
    ) -> None:
        self.link = link
        self.path = path
        self._forget = forget
        self._end_slot = end_slot
        self._handle = -1
        self._killed = False
        self.there = False
        """It was begun."""
        self.pid = 0
        """As we number it; 0 until it is forked, and for a slot."""
        self.status: int | None = None
        """Its exit code once it has ended, negative for a signal."""
        self.reason = ""
        """Why it never came to be, or ended, where that is known."""

    @property
    def address(self) -> str:
        return f"unix:{self.path}"

    def born(self, handle: int) -> None:
        """It was begun; `handle` is its pidfd, -1 for a slot."""
        self.there = True
        self._handle = handle
        self.pid = 0 if handle < 0 else _pid_of(handle)
        if self._killed:
            self.kill()

    def ended(self, status: int, reason: str = "") -> None:
        """It is no more."""
        self.status, self.reason = status, reason
        self.link.close()
        self.path.unlink(missing_ok=True)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._forget(self)

    def kill(self) -> None:
        """End it now, or as soon as it is there; `ended` follows. Idempotent."""
        self._killed = True
        if self._handle >= 0:
            try:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            except ProcessLookupError:
                return
        elif self.there and self.status is None:
            self._end_slot()


def _pid_of(handle: int) -> int:
    """The pid behind a pidfd, in our numbering: the sandbox has one of its own."""
    text = Path(f"/proc/self/fdinfo/{handle}").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Pid:"))
    return int(line.split()[1])
