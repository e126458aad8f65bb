"""Starts a server in a process of its own and ends all of it, by pid, whatever happens.

Ends nothing by name: a server's processes are its descendants, and those that carry the random
mark its environment was given (children that detached themselves keep that).
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

MARK = "BENCH_PROCESS_MARK"


class Unavailable(Exception):
    """A server cannot be measured; the message says why."""


class Server:
    """A running command with a log; `stop` ends it and everything it started."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._mark = secrets.token_hex(12)
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment, MARK: self._mark},
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pids(self) -> set[int]:
        return descendants({self._process.pid} | marked(self._mark))

    def wait_until(self, ready: Callable[[], bool], seconds: float, interval: float = 0.05) -> None:
        """Return once `ready` says so; raises Unavailable when it dies or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise Unavailable(f"exited with {self._process.returncode}: {self._last_line()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"not ready after {seconds:.0f} s: {self._last_line()}")
            time.sleep(interval)

    def wait(self, seconds: float) -> None:
        """Return when it has ended well; raises Unavailable when it fails or takes too long."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"not done after {seconds:.0f} s: {self._last_line()}") from None
        if status:
            raise Unavailable(f"exited with {status}: {self._last_line()}")

    def stop(self, patience: float = 5.0) -> None:
        """SIGTERM the command, give it `patience` seconds, then SIGKILL what is left."""
        started = _identities(self.pids())
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        left = started | _identities(self.pids())
        for pid, born in left:
            if _born(pid) == born:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
        _until_gone(left)

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:200] if said else "it said nothing"


@contextlib.contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, patience: float = 5.0
) -> Iterator[Server]:
    """A server that is ended when the block ends. Raises Unavailable when it cannot start."""
    try:
        server = Server(command, environment, log)
    except OSError as error:
        raise Unavailable(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        yield server
    finally:
        server.stop(patience)


def free_port() -> int:
    """A TCP port nobody listens on at this moment, on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(roots: set[int]) -> set[int]:
    """The pids of `roots` and of all their children, as /proc has them now."""
    parents = {pid: parent for pid in _all_pids() if (parent := _parent(pid)) is not None}
    found = {pid for pid in roots if pid in parents}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


@contextlib.contextmanager
def marking() -> Iterator[str]:
    """Marks what this process starts while the block runs; yields the mark, for `marked`."""
    mark = secrets.token_hex(12)
    os.environ[MARK] = mark
    try:
        yield mark
    finally:
        del os.environ[MARK]


def cpu_seconds(pids: set[int]) -> float:
    """Processor time the processes have used so far, their ended children's included."""
    ticks = sum(_stat_field(pid, field) or 0 for pid in pids for field in (14, 15, 16, 17))
    return ticks / os.sysconf("SC_CLK_TCK")


def _identities(pids: set[int]) -> set[tuple[int, int]]:
    """Each pid with its start time: a pid alone can be given to a stranger."""
    return {(pid, born) for pid in pids if (born := _born(pid)) is not None}


def _until_gone(identities: set[tuple[int, int]], seconds: float = 5.0) -> None:
    """Wait until the killed are dead; a zombie is, whoever has yet to reap it."""
    deadline = time.monotonic() + seconds
    while any(_born(pid) == born and not _zombie(pid) for pid, born in identities):
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def marked(mark: str) -> set[int]:
    """The pids of all processes whose environment carries this value of `MARK`."""
    return {pid for pid in _all_pids() if pid != os.getpid() and _environment_has(pid, mark)}


def _environment_has(pid: int, mark: str) -> bool:
    try:
        return f"{MARK}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int | None:
    return _stat_field(pid, 4)


def _born(pid: int) -> int | None:
    """Clock ticks after boot at which the process started."""
    return _stat_field(pid, 22)


def _zombie(pid: int) -> bool:
    return (_stat_fields(pid) or ["Z"])[0] == "Z"


def _stat_field(pid: int, number: int) -> int | None:
    """A numeric field of /proc/PID/stat, numbered from 1 as in proc(5); None when it is gone."""
    fields = _stat_fields(pid)
    return None if fields is None else int(fields[number - 3])


def _stat_fields(pid: int) -> list[str] | None:
    """The fields from the third on, which follow the name in brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
