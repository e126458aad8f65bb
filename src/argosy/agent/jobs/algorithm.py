"""The running algorithm: one process in a sandbox, with all that it starts; its signals, its end.

When it ends, so does everything that it started: in the sandbox by the kernel, in a container by
its engine, elsewhere by us.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from argosy.agent.output import Output
from argosy.agent.parent import die_with_parent, limit_resources
from argosy.ground.processes import ProcessId, children_of

_OUTER_LAYERS = 2
"""bubblewrap outside of its sandbox, and its first process in there; their child is the program."""
_GONE_S = 5.0
_PR_SET_CHILD_SUBREAPER = 36
_FIRST_VICTIM = b"500"
"""Where memory runs out the kernel shall end a job rather than the platform."""


def _adopt_orphans() -> None:
    """From now on what loses its parent below this process becomes its child.

    ctypes is imported here, so that agents with a sandbox do not carry it.
    """
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Algorithm:
    """A started process. Raises OSError when it cannot be started."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        output: Output,
        folder: Path,
        *,
        sandboxed: bool,
        contained: bool = False,
    ) -> None:
        """contained: a container engine runs it, and this process is who speaks to the engine; the
        one that it leaves behind removes the container."""
        agent = os.getpid()

        def prepare() -> None:
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_bytes(_FIRST_VICTIM)
            limit_resources(0)
            die_with_parent(agent)

        self._sandboxed = sandboxed
        self._adopting = not sandboxed and not contained
        if self._adopting:
            _adopt_orphans()
        self._others = set(children_of(agent))
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output.writer_descriptor,
            stderr=output.writer_descriptor,
            cwd=folder,
            env=environment,
            preexec_fn=prepare,
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def status(self) -> int:
        """As a shell has it: 128 + n when signal n ended it. Only once it has ended."""
        code = self._process.returncode
        return 128 - code if code < 0 else code

    @property
    def pid(self) -> int:
        """The program's own process as the host numbers it; 0 while it is not there yet."""
        pid = self._process.pid
        for _ in range(_OUTER_LAYERS if self._sandboxed else 0):
            children = children_of(pid)
            if not children:
                return 0
            pid = children[0]
        return pid

    def terminate(self) -> bool:
        """SIGTERM to the program alone, as Docker does; False when it is not there (yet)."""
        pid = self.pid
        return bool(pid) and ProcessId.of(pid).send(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started; returns when they are gone. Idempotent."""
        first = [ProcessId.of(pid) for pid in children_of(self._process.pid)]
        if self.ended:
            first = []
        else:
            self._process.kill()
            self._process.wait()
        if self._adopting:
            self._end_orphans()
        for process in first:
            process.wait(_GONE_S)

    def _end_orphans(self) -> None:
        """End what the program left behind: it is our child now, or some child's child."""
        deadline = time.monotonic() + _GONE_S
        while time.monotonic() < deadline:
            left = set(children_of(os.getpid())) - self._others - {self._process.pid}
            if not left:
                return
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
