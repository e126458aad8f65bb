"""The user's program: found on its image's PATH, started as a child, ended with time to finish.

It gets its own environment and nothing of ours; what it prints goes where we print. Refuses to
start it again: an instance whose program has ended is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

_END_S = 10.0
_AMBIENT, _CLEAR_ALL = 47, 4  # prctl's PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL


class CannotStart(Exception):
    """The program cannot be started; one sentence says what to change in the image."""


class Program:
    """A started program. `ended` is called once, in the loop, when it is over."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        root: str,
        ended: Callable[[], None],
    ) -> None:
        """Start it in `folder`, below another root folder unless that is "".

        Raises CannotStart.
        """
        self.name = os.path.basename(command[0])
        self._ended = ended
        try:
            self._process = subprocess.Popen(
                [_find(command[0], environment.get("PATH", ""), folder, root), *command[1:]],
                env=dict(environment),
                cwd=None if root else folder,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_entering(root, folder) if root else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"{self.name} cannot be started: {_why(error)}") from None
        self._descriptor = os.pidfd_open(self._process.pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_end)

    @property
    def status(self) -> int | None:
        """As a shell has it (128 + n after signal n); None while it runs."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    @property
    def end(self) -> str:
        """A clause on how it ended."""
        status = self.status or 0
        if self._process.returncode is not None and self._process.returncode < 0:
            return f"{self.name} was ended by signal {_signal_name(-self._process.returncode)}"
        return f"{self.name} exited with status {status}"

    async def stop(self, grace_s: float) -> None:
        """SIGTERM; SIGKILL to it and what it started when it is still there that much later."""
        if self.status is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self._wait, grace_s)
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await asyncio.to_thread(self._wait, _END_S)

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _on_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._process.poll()
        self._ended()


def _find(name: str, path: str, folder: str, root: str) -> str:
    """The program's path as seen from its root. Raises CannotStart."""
    if root:
        return name  # links in there lead elsewhere from here: exec will look
    tried = [name] if "/" in name else [f"{one}/{name}" for one in path.split(":") if one]
    there = [one for one in tried if os.path.isfile(os.path.join(folder, one))]
    for one in there:
        if os.access(os.path.join(folder, one), os.X_OK):
            return one
    if there:
        raise CannotStart(f"{there[0]} is not executable (chmod +x)")
    where = f" on its PATH, {path}" if "/" not in name else ""
    raise CannotStart(f"the image has no program {name}{where}")


def _entering(root: str, folder: str) -> Callable[[], None]:
    """What the child does before the program: enter its root, then give up the right to."""
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def enter() -> None:
        os.chroot(root)
        os.chdir(folder)
        prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)

    return enter


def _why(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOEXEC:
        return "it is neither a program of this machine's kind nor a script that begins with #!"
    if number == errno.ENOENT:
        return "it, or the interpreter that its first line names, is not there"
    return str(getattr(error, "strerror", None) or error)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
