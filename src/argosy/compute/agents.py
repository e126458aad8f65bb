"""Starting agent processes so that they outlive us, ending them, and reaping them meanwhile."""

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import argosy
from argosy.compute.listing import agent_of
from argosy.ground.files import write_json
from argosy.ground.instances import AGENT_FILE, SPEC_FILE
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.removal import remove_tree
from argosy.ground.settings import Settings
from argosy.ground.strays import end_strays

_LOG = "agents.log"
_LONGEST_LOG = 8 << 20
_KILL_S = 5.0
_LOCK = 3
"""The descriptor in the agent that keeps the lock of its launch."""


class Agents:
    """Agents of one data folder. Remembers only which are our own children, to reap them."""

    def __init__(self, settings: Settings, data_dir: DataDir) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._children: list[int] = []

    def spawn(self, instance_id: str, spare_runtime: str = "") -> ProcessId:
        """Start the agent of the folder `instance_id`, in a session of its own. Raises OSError."""
        self.reap()
        folder = self._data_dir.instance(instance_id)
        arguments = ["-P", "-m", "argosy.agent", "--instance", instance_id]
        if spare_runtime:
            arguments += ["--spare", spare_runtime]
        with launching(folder) as lock:
            pid = self._spawn([*arguments, "--launched", str(_LOCK)], lock)
            self._children.append(pid)
            agent = ProcessId.of(pid)
            noted = {"pid": agent.pid, "start_ticks": agent.start_ticks}
            write_json(folder / AGENT_FILE, noted, sync=False)
        return agent

    def _spawn(self, arguments: list[str], lock: int) -> int:
        """Its descriptor `_LOCK` is `lock`, which it closes when it has said who it is."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            self._environment(),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, lock, _LOCK),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._log_path()), flags, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGTERM, signal.SIGINT],
        )

    def reap(self) -> None:
        """Collect children that have ended."""
        self._children = [pid for pid in self._children if _still_runs(pid)]

    def _environment(self) -> dict[str, str]:
        here = str(Path(argosy.__file__).parent.parent)
        inherited = os.environ.get("PYTHONPATH", "")
        return {
            **os.environ,
            **self._settings.to_environment(),
            "ARGOSY_DATA_DIR": str(self._data_dir.root),
            "PYTHONPATH": f"{here}:{inherited}" if inherited else here,
        }

    def _log_path(self) -> Path:
        """The file all agents write to; an overlong one is put aside."""
        path = self._data_dir.process_logs / _LOG
        if path.exists() and path.stat().st_size > _LONGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        return path


@contextlib.contextmanager
def launching(folder: Path) -> Iterator[int]:
    """Holds the folder's lock, which the agent inherits: whoever dies meanwhile, from then on the
    folder has an agent noted, or somebody holds the lock, or no agent will ever come."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def never_launched(folder: Path) -> bool:
    """No agent is there and none will come: its launch was cut off before there was one."""
    if agent_of(folder).pid or not folder.is_dir():
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return not agent_of(folder).pid  # it may have come, and let go, meanwhile


def end(agents: Iterable[ProcessId], first: signal.Signals, patience_s: float) -> None:
    """Signal the processes, wait for their end, and kill those that are still there then."""
    signalled = [agent for agent in agents if agent.send(first)]
    _await_ends(signalled, patience_s)
    stubborn = [agent for agent in signalled if agent.send(signal.SIGKILL)]
    _await_ends(stubborn, _KILL_S)


def remove_folders(data_dir: DataDir, instance_id: str) -> None:
    """Remove all that an instance or a spare whose agent is dead left behind. Idempotent."""
    folder = data_dir.instance(instance_id)
    (folder / SPEC_FILE).unlink(missing_ok=True)  # first: from now on it is not listed
    end_strays(folder)
    remove_tree(folder)
    remove_tree(data_dir.instance_run(instance_id))
    for member in data_dir.instances.glob(f"{instance_id}.*"):
        remove_folders(data_dir, member.name)
    agent_socket = data_dir.agent_socket(instance_id)
    agent_socket.unlink(missing_ok=True)
    for suffix in (".worker", ".bell", ".jupyter"):
        agent_socket.with_name(instance_id + suffix).unlink(missing_ok=True)
    for model in agent_socket.parent.glob(f"{instance_id}.m*"):
        model.unlink(missing_ok=True)


def stop_all(data_dir: DataDir, patience_s: float = 10.0) -> None:
    """End every agent of the data folder, spares too, and wait until they are gone.

    Stop the edges first: a worker drains until nobody else is connected, at most `patience_s`.
    What the instances were is kept, so that the next start of control brings them up again.
    """
    folders = list(data_dir.instances.iterdir()) if data_dir.instances.is_dir() else []
    end([agent_of(folder) for folder in folders], signal.SIGTERM, patience_s)
    for folder in folders:
        if not (folder / SPEC_FILE).exists():
            remove_folders(data_dir, folder.name)


def _still_runs(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _await_ends(agents: list[ProcessId], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for agent in agents:
        agent.wait(max(0.0, deadline - time.monotonic()))
