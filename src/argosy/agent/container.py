"""`python -m argosy.agent.container ORDER.json`: one container from its start to its end.

Makes the container, passes on what it prints, and runs the bridge to it as a child. It ends when
the container does, with its status; when the bridge was drained or SIGTERM came, it stops the
container first. However it ends, a process of its own removes the container then.
"""

import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from argosy.agent.engine import Engine, EngineError
from argosy.agent.parent import die_with_parent
from argosy.ground.files import write_json
from argosy.ground.processes import ProcessId

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
_FLUSH_S = 5.0
_KILLED = 137

Event = tuple[str, int]
"""("container" | "bridge" | "told", status)."""


class Runner:
    """The container of one order (see `containers.command`)."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._engine = Engine(order["engine"])
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._printing = threading.Thread(target=self._print, daemon=True)
        self._container = ""

    def run(self) -> int:
        """The exit status."""
        signal.signal(signal.SIGTERM, lambda *_: self._events.put(("told", 0)))
        try:
            self._container = self._engine.create(self._order["name"], self._order["definition"])
            self._guard()
            self._engine.start(self._container)
            self._begin_listening()
            bridge = self._start_bridge()
        except EngineError as error:
            _say(str(error))
            self._flush()
            return 1
        return self._follow(bridge)

    def _begin_listening(self) -> None:
        """Pass on what it prints, and hear of its end."""
        self._printing.start()
        threading.Thread(target=self._wait, daemon=True).start()

    def _follow(self, bridge: "subprocess.Popen[bytes]") -> int:
        threading.Thread(target=self._watch, args=(bridge,), daemon=True).start()
        what, status = self._events.get()
        if what == "container":
            bridge.kill()
            return self._ended(status)
        bridge.terminate()
        with contextlib.suppress(EngineError):
            self._engine.stop(self._container, self._order["grace_s"])
        self._flush()
        return status

    def _ended(self, status: int) -> int:
        """The container is over by itself."""
        self._flush()
        with contextlib.suppress(EngineError):
            if self._engine.inspect(self._container)["State"].get("OOMKilled"):
                _say("the container was ended: it wanted more memory than it may have")
                return _KILLED
        _say(f"the container exited with status {status}")
        return status or 1

    def _start_bridge(self) -> "subprocess.Popen[bytes]":
        found = self._engine.inspect(self._container)
        port, pid = f"{self._order['port']}/tcp", int(found["State"].get("Pid") or 0)
        if not pid:
            raise EngineError("The container ended as soon as it was started.")
        write_json(Path(self._order["process"]), asdict(ProcessId.of(pid)), sync=False)
        isolated = self._order["isolated"]
        published = ((found["NetworkSettings"].get("Ports") or {}).get(port) or [{}])[0]
        there = self._order["port"] if isolated else published.get("HostPort")
        command = [*self._order["bridge"], "--connect", f"127.0.0.1:{there}"]
        runner = os.getpid()
        try:
            namespaces = _namespaces(pid) if isolated else []

            def prepare() -> None:
                for descriptor, kind in namespaces:
                    if ctypes.CDLL(None, use_errno=True).setns(descriptor, kind):
                        raise OSError(ctypes.get_errno(), "setns")
                die_with_parent(runner)

            return subprocess.Popen(command, preexec_fn=prepare)
        except (OSError, subprocess.SubprocessError):
            raise EngineError(
                "A container with network isolation can be reached only by root, or by the user "
                "whose rootless podman runs it: run Argosy so, or leave EnableNetworkIsolation out."
            ) from None

    def _guard(self) -> None:
        """Leave a process behind that removes the container when this one is no more."""
        reader, self._alive = os.pipe2(os.O_CLOEXEC)
        if os.fork():
            os.close(reader)
            return
        try:
            os.setsid()
            os.close(self._alive)
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            os.read(reader, 1)
            self._engine.remove(self._container)
        finally:
            os._exit(0)

    def _wait(self) -> None:
        try:
            self._events.put(("container", self._engine.wait(self._container)))
        except EngineError as error:
            _say(str(error))
            self._events.put(("container", 1))

    def _watch(self, bridge: "subprocess.Popen[bytes]") -> None:
        self._events.put(("bridge", bridge.wait()))

    def _print(self) -> None:
        with contextlib.suppress(EngineError, OSError):
            for data in self._engine.logs(self._container):
                _write(data)

    def _flush(self) -> None:
        if self._printing.ident is not None:
            self._printing.join(_FLUSH_S)


def _namespaces(pid: int) -> list[tuple[int, int]]:
    """Descriptors of the namespaces to enter, and their kinds; raises OSError."""
    kinds = [("user", _NEW_USER)] if os.geteuid() else []
    return [
        (os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC), kind)
        for name, kind in [*kinds, ("net", _NEW_NET)]
    ]


def _say(text: str) -> None:
    _write(f"Argosy: {text}\n".encode())


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    sys.exit(Runner(json.loads(Path(sys.argv[1]).read_bytes())).run())
