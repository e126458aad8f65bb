"""One process that the supervisor starts, watches and starts again.

Children live in sessions of their own, so that a Ctrl-C in the terminal reaches only the
supervisor, and die with it, whatever kills it.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from argosy.ground.processes import ProcessId, children_of
from argosy.supervisor.restarts import Record

LOG_LIMIT_BYTES = 10 * 1024 * 1024
_PIECE = 1 << 16
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """What to run: a command, its whole environment, and descriptors it inherits."""

    command: list[str]
    environment: dict[str, str]
    inherited: tuple[int, ...] = ()
    ours_to_close: tuple[int, ...] = field(default=())
    """Inherited descriptors of which no copy stays here."""


class Child:
    """A named process. `program` is asked at each start; None means: not yet, ask again soon."""

    def __init__(
        self,
        name: str,
        log: Path,
        folder: Path,
        program: Callable[[], Program | None],
        *,
        wrapped: bool = False,
        settled: Callable[[], bool] = lambda: True,
    ) -> None:
        """`settled` is asked after each start until it says that the process does its work."""
        self.name = name
        self.log = log
        self.due = 0.0
        """When to start it next (monotonic seconds); meaningless while it runs."""
        self.record = Record()
        self._folder = folder
        self._program = program
        self._wrapped = wrapped
        self._settled = settled
        self._has_settled = False
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def running(self) -> bool:
        return self._process is not None

    def settled(self) -> bool:
        """Whether it runs and does its work."""
        if self.running and not self._has_settled:
            self._has_settled = self._settled()
        return self.running and self._has_settled

    @property
    def pid(self) -> int:
        """The process that does the work, 0 when there is none."""
        if self._process is None:
            return 0
        inner = children_of(self._process.pid) if self._wrapped else []
        return inner[0] if inner else self._process.pid

    def start(self, now: float) -> bool:
        """Start it; False when its program says: not yet."""
        program = self._program()
        if program is None:
            return False
        try:
            with open_log(self.log) as log:
                self._process = subprocess.Popen(
                    program.command,
                    env=program.environment,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=program.inherited,
                    start_new_session=True,
                    preexec_fn=_die_with(os.getpid()),
                )
        finally:
            for descriptor in program.ours_to_close:
                os.close(descriptor)
        self._started = now
        self._has_settled = False
        return True

    def reap(self, now: float) -> int | None:
        """Its exit status when it has just been found dead (then `due` is set); else None."""
        if self._process is None or self._process.poll() is None:
            return None
        status = self._process.returncode
        self._process = None
        self.record = self.record.after(now - self._started)
        self.due = now + self.record.delay_s
        return status

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process that does the work, if it is there."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    @property
    def identity(self) -> ProcessId:
        return ProcessId.of(self.pid)


def open_log(path: Path) -> BinaryIO:
    """A process log opened for appending; one that has grown large becomes NAME.log.1 first."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(_older(path))
    return path.open("ab")


def trim_log(path: Path) -> None:
    """Move what a large log of a running process holds to NAME.log.1.

    The process appends (O_APPEND), so it goes on at the start of the emptied file; lines written
    between copy and cut are lost.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            with path.open("rb") as large, _older(path).open("wb") as older:
                while piece := large.read(_PIECE):
                    older.write(piece)
            os.truncate(path, 0)


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log, for a message; "" when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16384))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-count:])


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def _die_with(parent: int) -> Callable[[], None]:
    """What a child does before it becomes its program: tie its life to ours."""

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return prepare
