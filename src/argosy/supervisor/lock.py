"""The lock of a data folder: held by the one platform that runs on it."""

import fcntl
import json
import os
from typing import Any

from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId


class FolderLock:
    """flock on DataDir.lock; the file says whose it is: {"pid", "start_ticks", "url"}."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._descriptor = -1

    def take(self) -> None:
        """Hold the lock until `release` or the end of this process.

        Raises ArgosyError naming the holder when another platform runs on the folder.
        """
        descriptor = os.open(self._data_dir.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ArgosyError(_taken(self._data_dir)) from None
        self._descriptor = descriptor
        self.sign("")

    @property
    def owner(self) -> dict[str, int]:
        """This process: its pid and when it began (ground/processes.py)."""
        me = ProcessId.of(os.getpid())
        return {"pid": me.pid, "start_ticks": me.start_ticks}

    def sign(self, url: str) -> None:
        """Write who holds the lock and where it answers."""
        line = json.dumps({**self.owner, "url": url}).encode()
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, line, 0)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def holder(data_dir: DataDir) -> dict[str, Any] | None:
    """What the lock file says while somebody holds it; None when nobody does.

    {} when the holder has only just taken it.
    """
    try:
        descriptor = os.open(data_dir.lock, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_json(data_dir.lock) or {}
    finally:
        os.close(descriptor)
    return None


def _taken(data_dir: DataDir) -> str:
    said = holder(data_dir) or {}
    where = f" at {said['url']}" if said.get("url") else ""
    return (
        f"Argosy runs on {data_dir.root} already (process {said.get('pid', 'unknown')}{where}). "
        "Stop it with `argosy down`, or choose another --data-dir."
    )
