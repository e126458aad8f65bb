"""A machine's sandbox as its agent sees it: programs are started in it, and it is ended."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import Any

from argosy.agent import sandbox
from argosy.agent.environment import worker_environment
from argosy.agent.folders import Folders
from argosy.agent.machines import inside
from argosy.agent.machines.enclosure import enclose
from argosy.agent.output import Output
from argosy.agent.parent import die_with_parent, limit_resources
from argosy.agent.watch import Watch
from argosy.ground.machines import MachineSpec
from argosy.ground.processes import ProcessId, children_of

_CHUNK = 1 << 16
_GONE_S = 5.0


class MachineProcess:
    """A started sandbox. `outputs`: where the programs print, by the names they are started by."""

    def __init__(
        self,
        watch: Watch,
        folders: Folders,
        machine: MachineSpec,
        outputs: dict[str, Output],
        own: Output,
        memory_mb: int,
    ) -> None:
        """`own`: what the sandbox itself prints. Raises OSError."""
        self._watch = watch
        self._machine = machine
        self._channel, theirs = socket.socketpair()
        self._outputs = outputs
        self._logs = {name: output.writer_descriptor for name, output in outputs.items()}
        self._pending = b""
        self.ended: dict[str, int] = {}
        """Programs that have ended → their status, as `subprocess` has it."""
        self.switched_off = False
        """A program in there asked for it."""
        with theirs:
            self._process = _started(folders, machine, theirs.fileno(), self._logs, own, memory_mb)
        for output in (*outputs.values(), own):
            output.close_writer()
        self._channel.setblocking(False)
        watch.add(self._channel.fileno(), self._listen)

    @property
    def gone(self) -> bool:
        return self._process.poll() is not None

    @property
    def pid(self) -> int:
        """The sandbox's first process, as the host numbers it."""
        return next(iter(children_of(self._process.pid)), self._process.pid)

    def start(self, name: str, command: list[str], directory: str = "/", **more: str) -> None:
        """Start a program in the sandbox, there, with further variables."""
        self.ended.pop(name, None)
        path = os.path.dirname(sys.executable)
        given = inside.environment(os.environ, self._machine, path)
        self._tell(
            {
                "start": name,
                "command": command,
                "environment": {**given, **more},
                "log": self._logs[name],
                "directory": directory,
            }
        )

    def stop(self, grace_s: float) -> None:
        """Ask everything in it to end, wait so long for that, and end it."""
        self._tell({"stop": grace_s})
        self._watch.until(lambda: self.gone, time.monotonic() + grace_s + 1.0)
        self.kill()

    def kill(self) -> None:
        """End it now, with all that runs in it, and wait for that. Idempotent."""
        first = [ProcessId.of(pid) for pid in children_of(self._process.pid)]
        if not self.gone:
            self._process.kill()
        self._process.wait()
        for process in first:
            process.wait(_GONE_S)
        if self._channel.fileno() >= 0:
            self._watch.remove(self._channel.fileno())
            self._channel.close()

    def _tell(self, what: dict[str, Any]) -> None:
        self._channel.setblocking(True)
        with contextlib.suppress(OSError):
            self._channel.sendall(json.dumps(what).encode() + b"\n")
        self._channel.setblocking(False)

    def _listen(self) -> None:
        try:
            data = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # its end is told by the process's
            self._watch.remove(self._channel.fileno())
            self._channel.close()
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        if "ended" in said:
            self._outputs[said["ended"]].end_line()
            self.ended[said["ended"]] = int(said["status"])
        elif said.get("shutdown"):
            self.switched_off = True


def _started(
    folders: Folders,
    machine: MachineSpec,
    control: int,
    logs: dict[str, int],
    own: Output,
    memory_mb: int,
) -> "subprocess.Popen[bytes]":
    agent = os.getpid()

    def prepare() -> None:
        limit_resources(memory_mb, machine.file_gb << 30)
        die_with_parent(agent)

    first = [sys.executable, "-P", "-m", "argosy.runtimes.machine", "--control", str(control)]
    return subprocess.Popen(
        enclose(first, folders, machine),
        stdin=subprocess.DEVNULL,
        stdout=own.writer_descriptor,
        stderr=own.writer_descriptor,
        cwd=folders.root,
        env=worker_environment(
            os.environ,
            path=f"{os.path.dirname(sys.executable)}:{sandbox.PATH}",
            python_path=sandbox.CODE_DIR,
            home="/tmp",
            temporary="/tmp",
        ),
        preexec_fn=prepare,
        pass_fds=(control, *logs.values()),
    )
