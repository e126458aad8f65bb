"""Warm spares: agents whose worker has its imports done and waits to be told what it is.

A spare is a folder `instances/s-…` with spare.json, and an agent that listens on its socket.
Nothing about spares is remembered here but when one last failed, so a new control finds and uses
those of the last one.
"""

import hashlib
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import argosy
from argosy.compute.agents import Agents, end, remove_folders
from argosy.compute.listing import agent_of
from argosy.ground.files import read_json, write_json
from argosy.ground.instances import SPARE_FILE, SPEC_FILE, InstanceSpec
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import Settings

log = logging.getLogger(__name__)

_PREFIX = "s-"
_ANSWER_S = 2.0
_END_S = 2.0
_AFTER_FAILURE_S = 30.0
_LISTENS_WITHIN_S = 0.5
_LOOK_EVERY_S = 0.01


@dataclass(frozen=True)
class _Spare:
    folder: Path
    runtime: str
    digest: str
    ready: bool
    agent: ProcessId


class Spares:
    """The warm spares of one data folder."""

    def __init__(self, settings: Settings, data_dir: DataDir, agents: Agents) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._agents = agents
        self._digest = _digest(settings)
        self._lock = threading.Lock()
        self._failed_at: dict[str, float] = {}

    def hand_over(self, spec: InstanceSpec) -> bool:
        """Make a spare the instance that `spec` asks for; False when none took it."""
        if spec.job or spec.machine or spec.network_isolation or len(spec.containers) > 1:
            return False  # those of jobs and machines run something else
        if spec.container.multi_model:
            return False  # spares have the host's network, and one model each
        with self._lock:
            spares = [s for s in self._usable() if s.runtime == spec.container.runtime]
            return any(self._give(s, spec) for s in sorted(spares, key=lambda s: not s.ready))

    def keep(self, runtime: str, *, start: bool, more: int = 0) -> None:
        """Keep as many spares of the runtime as the settings say, and so many more, if they say
        any; begin one only if `start`."""
        wanted = self._settings.spares + more if self._settings.spares else 0
        with self._lock:
            spares = [s for s in self._usable() if s.runtime == runtime]
            for spare in spares[:wanted]:
                os.utime(spare.folder / SPARE_FILE)
            for spare in spares[wanted:]:
                self._discard(spare)
            missing = wanted - len(spares)
            if start and missing > 0 and not self._failed_lately(runtime):
                for _ in range(missing):
                    self._begin(runtime)

    def _begin(self, runtime: str) -> None:
        spare_id = _PREFIX + secrets.token_hex(6)
        folder = self._data_dir.instance(spare_id)
        try:
            folder.mkdir(mode=0o700)
            note = {"runtime": runtime, "digest": self._digest, "ready": False}
            write_json(folder / SPARE_FILE, note, sync=False)
            self._agents.spawn(spare_id, runtime)
        except OSError as error:
            log.warning("a warm worker for %s cannot be started: %s", runtime, error)
            self._failed_at[runtime] = time.monotonic()
            remove_folders(self._data_dir, spare_id)

    def _usable(self) -> list[_Spare]:
        """Spares that live and were made under our settings; the others are removed."""
        usable = []
        for spare in self._found():
            if not spare.agent.alive:
                self._bury(spare)
            elif not spare.runtime:
                continue  # it has taken a spec and is about to leave this folder
            elif spare.digest != self._digest:
                self._discard(spare)
            else:
                usable.append(spare)
        return usable

    def _found(self) -> list[_Spare]:
        found = []
        for folder in self._data_dir.instances.glob(f"{_PREFIX}*"):
            note = read_json(folder / SPARE_FILE) or {}
            found.append(
                _Spare(
                    folder=folder,
                    runtime=str(note.get("runtime", "")),
                    digest=str(note.get("digest", "")),
                    ready=bool(note.get("ready")),
                    agent=agent_of(folder),
                )
            )
        return found

    def _give(self, spare: _Spare, spec: InstanceSpec) -> bool:
        try:
            answered = _send(self._data_dir.agent_socket(spare.folder.name), spec)
        except OSError as error:
            log.warning("the spare %s took no spec: %s", spare.folder.name, error)
            answered = False
        if answered or self._took(spec):
            return True
        self._discard(spare)
        return self._took(spec)

    def _took(self, spec: InstanceSpec) -> bool:
        return (self._data_dir.instance(spec.instance_id) / SPEC_FILE).exists()

    def _discard(self, spare: _Spare) -> None:
        end([spare.agent], signal.SIGKILL, _END_S)  # it holds nothing that is worth an adieu
        remove_folders(self._data_dir, spare.folder.name)

    def _bury(self, spare: _Spare) -> None:
        if not spare.ready:
            log.warning("a warm worker for %s died before it was ready", spare.runtime)
            self._failed_at[spare.runtime] = time.monotonic()
        remove_folders(self._data_dir, spare.folder.name)

    def _failed_lately(self, runtime: str) -> bool:
        failed_at = self._failed_at.get(runtime)
        return failed_at is not None and time.monotonic() < failed_at + _AFTER_FAILURE_S


def _send(path: Path, spec: InstanceSpec) -> bool:
    """Hand the spec over; True when the agent says that it took it. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_S)
        _connect(connection, path)
        connection.sendall(json.dumps(spec.to_json()).encode() + b"\n")
        return connection.recv(16).startswith(b"taken")


def _connect(connection: socket.socket, path: Path) -> None:
    """Connect; an agent that was started a moment ago has no socket yet, which is worth a wait."""
    deadline = time.monotonic() + _LISTENS_WITHIN_S
    while True:
        try:
            return connection.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_EVERY_S)


def _digest(settings: Settings) -> str:
    """What a spare depends on: another digest, another spare."""
    parts = [argosy.__version__, sys.executable, json.dumps(settings.to_environment())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
