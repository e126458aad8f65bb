"""What each process of the platform is started with."""

import os
import socket
import sys
from pathlib import Path

from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings, variable
from argosy.supervisor.child import Child, Program
from argosy.supervisor.store import Store

KEY_VARIABLES = (variable("access_key_id"), variable("secret_access_key"))
"""Where a root key is given to us; unlike settings they are not handed on."""


class Processes:
    """The children of one platform."""

    def __init__(
        self,
        settings: Settings,
        data_dir: DataDir,
        store: Store | None,
        listeners: list[socket.socket],
    ) -> None:
        self._data_dir = data_dir
        self._environment = _environment(settings, data_dir, store)
        self.store = self._store(store) if store else None
        self.control = self._module("control", "argosy.api")
        self.edges = [self._edge(number, one) for number, one in enumerate(listeners)]

    @property
    def all(self) -> list[Child]:
        """In the order they are started; the slowest first."""
        return [*([self.store] if self.store else []), self.control, *self.edges]

    def pids(self) -> dict[str, object]:
        """Name → pid, 0 for what is not running; "edges" is a list."""
        return {
            "supervisor": os.getpid(),
            "store": self.store.pid if self.store else 0,
            "control": self.control.pid,
            "edges": [edge.pid for edge in self.edges],
        }

    def instance_stopper(self, patience_s: float) -> Child:
        """Ends every agent of the folder, then itself."""
        return self._module("instances", "argosy.supervisor.instances", str(patience_s))

    def _store(self, store: Store) -> Child:
        return Child(
            "store",
            self._log("store"),
            self._data_dir.root,
            store.program,
            wrapped=store.isolated,
            settled=store.settled,
        )

    def _edge(self, number: int, listener: socket.socket) -> Child:
        descriptor = listener.fileno()
        return self._module(
            f"edge-{number}", "argosy.edge", listen={"ARGOSY_LISTEN_FD": str(descriptor)}
        )

    def _module(
        self, name: str, module: str, *arguments: str, listen: dict[str, str] | None = None
    ) -> Child:
        listen = listen or {}
        program = Program(
            # -P: a file of the user's folder must not stand in for a module of the same name.
            [sys.executable, "-P", "-m", module, *arguments],
            self._environment | listen,
            tuple(int(descriptor) for descriptor in listen.values()),
        )
        return Child(name, self._log(name), self._data_dir.root, lambda: program)

    def _log(self, name: str) -> Path:
        return self._data_dir.process_logs / f"{name}.log"


def _environment(settings: Settings, data_dir: DataDir, store: Store | None) -> dict[str, str]:
    """Ours and the settings, less the root key."""
    ours = {name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}
    ours.pop("ARGOSY_STORE_URL", None)
    where = {"ARGOSY_STORE_URL": store.url} if store and store.url else {}
    return {**ours, **settings.to_environment(), "ARGOSY_DATA_DIR": str(data_dir.root), **where}
