"""A spare: a warm worker that waits to be told which instance it shall be.

It lives in a folder under a name of its own. Taking a spec makes the instance's folder, with the
spec and this agent's name in it: from then on the instance is on record. What the worker sees
(its /opt/ml and so on) moves there by `Folders.move_to` once the worker holds those folders, for
then their names do not matter to it. One spec is taken, then nobody can connect any more.
"""

import contextlib
import json
import os
import shutil
import socket
import sys
import time

from argosy.agent.watch import Watch
from argosy.ground.files import read_json, write_json
from argosy.ground.instances import AGENT_FILE, SPARE_FILE, SPEC_FILE, InstanceSpec
from argosy.ground.paths import DataDir

TAKEN = b"taken\n"

_LONGEST_SPEC = 1 << 20
_READ_TIMEOUT_S = 2.0


class Spare:
    """The listening end of `DataDir.agent_socket(spare_id)`."""

    def __init__(self, watch: Watch, data_dir: DataDir, spare_id: str) -> None:
        self._watch = watch
        self._data_dir = data_dir
        self._spare_id = spare_id
        self._path = data_dir.agent_socket(spare_id)
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(self._path))
        self._path.chmod(0o600)
        self._listener.listen(1)
        watch.add(self._listener.fileno(), self._accept)
        self.spec: InstanceSpec | None = None

    def say_ready(self) -> None:
        """Note in spare.json that the worker waits."""
        path = self._data_dir.instance(self._spare_id) / SPARE_FILE
        with contextlib.suppress(OSError):
            write_json(path, {**(read_json(path) or {}), "ready": True}, sync=False)

    def wanted_until(self, idle_s: float) -> float:
        """When to give up waiting (seconds since the epoch); the backend touches spare.json for
        as long as it wants the spare to be there."""
        try:
            touched = (self._data_dir.instance(self._spare_id) / SPARE_FILE).stat().st_mtime
        except FileNotFoundError:
            return 0.0
        return touched + idle_s

    def close(self) -> None:
        """Nobody can hand over a spec any more. Idempotent."""
        if self._listener.fileno() >= 0:
            self._watch.remove(self._listener.fileno())
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(_READ_TIMEOUT_S)
            try:
                spec = InstanceSpec.from_json(json.loads(_read_line(connection)))
                self._become(spec)
                self.spec = spec
                self.close()
                connection.sendall(TAKEN)
            except (OSError, ValueError, TypeError, KeyError) as error:
                sys.stderr.write(f"{self._spare_id}: no spec was taken: {error!r}\n")

    def _become(self, spec: InstanceSpec) -> None:
        mine = self._data_dir.instance(self._spare_id)
        folder = self._data_dir.instance(spec.instance_id)
        folder.mkdir(mode=0o700)
        try:
            write_json(folder / AGENT_FILE, read_json(mine / AGENT_FILE), sync=False)
            write_json(folder / SPEC_FILE, spec.to_json(), sync=False)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        (mine / SPARE_FILE).unlink(missing_ok=True)


def _read_line(connection: socket.socket) -> bytes:
    data = b""
    deadline = time.monotonic() + _READ_TIMEOUT_S
    while not data.endswith(b"\n"):
        piece = connection.recv(64 * 1024)
        if not piece or len(data) > _LONGEST_SPEC or time.monotonic() > deadline:
            raise ValueError("the spec was cut off")
        data += piece
    return data
