"""The first program of a machine's sandbox: starts what it is told to, and says what has ended.

It speaks lines of JSON over the socket it is given: {"start": name, "command": […], "environment":
{…}, "log": fd, "directory": …} and {"stop": seconds} come in; {"ended": name, "status": n} and
{"shutdown": true} go out. Whatever the programs leave behind them lives on until the stop, when
every process of the sandbox is asked to end, and is killed with the sandbox. It decides nothing.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Any

_LOOK_EVERY_S = 0.02
_OWN_PIDS = 2
"""The sandbox's first process and this one."""


class Machine:
    """Runs until it is told to stop, or nobody tells it anything any more."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._pending = b""
        self._wake, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, _pass)  # SIG_IGN would be passed on to what is started
        signal.signal(signal.SIGUSR1, self._shut_down)

    def run(self) -> None:
        """Serve; returns when everything is over."""
        while True:
            readable, _, _ = select.select([self._control.fileno(), self._wake], [], [])
            if self._wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                self._reap()
            if self._control.fileno() in readable and not self._listen():
                return

    def _listen(self) -> bool:
        """Do what was said; False when this is the end."""
        data = self._control.recv(1 << 16)
        if not data:
            return False
        *lines, self._pending = (self._pending + data).split(b"\n")
        return all(self._obey(json.loads(line)) for line in lines)

    def _obey(self, said: dict[str, Any]) -> bool:
        if "stop" in said:
            _end_everybody(float(said["stop"]))
            return False
        try:
            self._start(said)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.write(said["log"], f"{error}\n".encode())
            self._say({"ended": said["start"], "status": 127})
        return True

    def _start(self, said: dict[str, Any]) -> None:
        self._running[said["start"]] = subprocess.Popen(
            said["command"],
            env=said["environment"],
            cwd=said["directory"],
            stdin=subprocess.DEVNULL,
            stdout=said["log"],
            stderr=said["log"],
            start_new_session=True,
        )

    def _reap(self) -> None:
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                del self._running[name]
                self._say({"ended": name, "status": process.returncode})

    def _say(self, what: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(json.dumps(what).encode() + b"\n")

    def _shut_down(self, number: int, frame: FrameType | None) -> None:
        self._say({"shutdown": True})


def _end_everybody(grace_s: float) -> None:
    """Ask all processes of this pid namespace but our own two to end, and wait for that."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while _others() and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(_LOOK_EVERY_S)


def _others() -> bool:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    return any(int(pid) > _OWN_PIDS and _lives(pid) for pid in pids)


def _lives(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in b"ZX"
    except OSError:
        return False


def _pass(number: int, frame: FrameType | None) -> None:
    """Waking up is all that is needed."""


def main(arguments: list[str]) -> None:
    """`--control FD`."""
    Machine(socket.socket(fileno=int(arguments[1]))).run()


if __name__ == "__main__":
    main(sys.argv[1:])
