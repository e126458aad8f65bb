"""JupyterLab in a machine: started when control wants it, and again when it has ended by then.

It listens on a port of loopback of its own and lets in who brings a link that was signed for it
(`argosy.runtimes.notebook_door`).
"""

import socket
import sys

from argosy.agent import sandbox
from argosy.agent.folders import Folders
from argosy.agent.machines.inside import PACKAGES
from argosy.agent.machines.process import MachineProcess
from argosy.ground.machines import HOME, JUPYTER, SAGEMAKER_DIR

_DOOR = "argosy.runtimes.notebook_door.Door"


class Jupyter:
    """Looks for control's wish and has it; `tick` is to be called again and again."""

    def __init__(self, process: MachineProcess, folders: Folders, secret: str) -> None:
        self._process = process
        self._file = folders.root / JUPYTER
        self._secret = secret
        self._port = 0
        self._wish = ""
        self._up = False

    def tick(self) -> tuple[str, ...]:
        """The URL at which it answers, and the wish that this fulfils; () where there is none."""
        if JUPYTER in self._process.ended:
            self._port, self._up = 0, False
        if self._wished() and not self._port:
            self._start()
        self._up = self._up or (self._port > 0 and _listens(self._port))
        return (f"http://127.0.0.1:{self._port}", self._wish) if self._up else ()

    def _wished(self) -> bool:
        """Whether there is a new wish."""
        try:
            wish = self._file.read_text()
        except FileNotFoundError:
            return False
        new, self._wish = wish != self._wish, wish
        return new

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        told = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": str(self._port),
            "ServerApp.port_retries": "0",
            "ServerApp.open_browser": "False",
            "ServerApp.root_dir": SAGEMAKER_DIR,
            "ServerApp.identity_provider_class": _DOOR,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in told.items())]
        self._process.start(
            JUPYTER,
            command,
            SAGEMAKER_DIR,
            ARGOSY_NOTEBOOK_SECRET=self._secret,
            PYTHONPATH=f"{PACKAGES}:{sandbox.CODE_DIR}",
            JUPYTER_RUNTIME_DIR=f"{HOME}/.local/share/jupyter/runtime",
        )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
