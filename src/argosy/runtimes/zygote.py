"""The process that many models begin as: `python -m argosy.runtimes.zygote --control FD …`.

It imports the runtime once, then forks a process for each model on order. A fork serves one model
with the ordinary `Server`: it shares with its siblings all memory that none of them writes to, and
when it crashes it hurts nobody else. The zygote itself has one thread, loads no model, and so
runs no user code; it reaps its children and tells how they ended.

The control socket (SOCK_SEQPACKET; one message is one JSON object) is inherited from the agent:

    agent → zygote   {"fork": n, "memory": bytes}   with two descriptors: a listening socket for
                     the edges, and one end of a pair of stream sockets, for the agent's own frames
    zygote → agent   {"ready": true, "why_not": …}  imports are done; why_not: the runtime's
                     framework is not installed
                     {"forked": n}                  with a pidfd of the new process
                     {"forked": n, "reason": …}     it could not be forked
                     {"ended": n, "status": s}      its exit code, negative for a signal

memory bounds what a model may add to the private memory that the zygote has; 0 is no bound. The
zygote exits when the control socket is closed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
from typing import Any, NoReturn

from argosy.runtimes import forks, loading, table
from argosy.runtimes.base import Runtime
from argosy.runtimes.server import Server
from argosy.runtimes.worker import write_logs_at_once

_LONGEST_ORDER = 4096


def main(arguments: list[str] | None = None) -> None:
    """Fork models until the agent is gone."""
    parser = argparse.ArgumentParser(prog="argosy.runtimes.zygote")
    parser.add_argument("--control", required=True, type=int, help="inherited socket")
    parser.add_argument("--runtime", required=True, choices=sorted(table.MODULES))
    options = parser.parse_args(arguments)
    loading.default_threads()
    write_logs_at_once()
    runtime = table.find(options.runtime)
    _warn_of_threads(options.runtime)
    gc.collect()
    gc.freeze()  # so that no collection in a fork writes to pages all of them share
    Zygote(socket.socket(fileno=options.control), runtime).run()


class Zygote:
    """Obeys the control socket."""

    def __init__(self, control: socket.socket, runtime: Runtime) -> None:
        self._control = control
        self._runtime = runtime
        self._pid = os.getpid()
        self._numbers: dict[int, int] = {}
        self._wake, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Returns when the control socket is closed."""
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._say({"ready": True, "why_not": getattr(self._runtime, "why_not", "")})
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                elif not self._obey():
                    return

    def _obey(self) -> bool:
        """Carry out the next order; False when there will be none."""
        data, descriptors, _, _ = socket.recv_fds(self._control, _LONGEST_ORDER, 2)
        if not data:
            return False
        order = json.loads(data)
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"forked": order["fork"], "reason": str(error)})
        else:
            if pid == 0:
                self._become_model(order, descriptors)
            self._numbers[pid] = order["fork"]
            handle = os.pidfd_open(pid)
            self._say({"forked": order["fork"]}, [handle])
            os.close(handle)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _reap(self) -> None:
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = self._numbers.pop(pid)
            self._say({"ended": number, "status": os.waitstatus_to_exitcode(status)})

    def _say(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], descriptors or [])
        except OSError:  # the agent is gone, which the next read says
            return

    # in the fork

    def _become_model(self, order: dict[str, Any], descriptors: list[int]) -> NoReturn:
        """The whole life of a model's process."""

        def serve() -> None:
            self._forget_the_zygote()
            _limit_memory(int(order.get("memory", 0)))
            listener, agent = (socket.socket(fileno=one) for one in descriptors)
            Server(listener, self._runtime, agent).run()

        forks.live(self._pid, serve)

    def _forget_the_zygote(self) -> None:
        """Leave it its signals and sockets."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        self._control.close()
        os.close(self._wake)
        os.close(self._wake_writer)


def _limit_memory(more: int) -> None:
    """Let private memory grow by `more` bytes at most: a model that wants more than the instance
    has fails by itself, and nobody has to be killed for it."""
    if more <= 0:
        return
    limit = _private_bytes() + more
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _private_bytes() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    return 0


def _warn_of_threads(runtime: str) -> None:
    """A thread does not survive a fork, and what it held stays locked."""
    count = len(os.listdir("/proc/self/task")) - 1
    if count > 0:
        text = f"Argosy: importing {runtime} left threads ({count}); models begin without them."
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the instance's log


if __name__ == "__main__":
    main()
