"""JupyterLab in a machine: started when control wants it, and again when it has ended by then.

It listens on a Unix socket, as its kernels do, which nobody but the edges and the machine's own
user can reach; who may come in is the edges' business (`argosy.edge.notebooks`), so it asks for no
password itself.
"""

import contextlib
import os
import socket
import stat
import sys

from argosy.agent import sandbox
from argosy.agent.folders import Folders
from argosy.agent.machines.inside import PACKAGES
from argosy.agent.machines.process import MachineProcess
from argosy.ground.machines import HOME, INSIDE_DIR, JUPYTER, SAGEMAKER_DIR, SOCKETS_DIR

_SOCKET = "jupyter.sock"


class Jupyter:
    """Looks for control's wish and has it; `tick` is to be called again and again."""

    def __init__(self, process: MachineProcess, folders: Folders, site: str) -> None:
        self._process = process
        self._file = folders.root / JUPYTER
        self._site = site
        self._inside = folders.run / _SOCKET
        self._public = folders.jupyter_socket
        self._wish = ""
        self._runs = self._up = False

    def tick(self) -> tuple[str, ...]:
        """Where it listens, and the wish that this fulfils; () where there is none."""
        if JUPYTER in self._process.ended:
            self._runs = self._up = False
        if self._wished() and not self._runs:
            self._start()
        self._up = self._up or (self._runs and self._publish())
        return (f"unix:{self._public}", self._wish) if self._up else ()

    def _wished(self) -> bool:
        """Whether there is a new wish."""
        try:
            wish = self._file.read_text()
        except FileNotFoundError:
            return False
        new, self._wish = wish != self._wish, wish
        return new

    def _start(self) -> None:
        self._runs = True
        for path in (self._inside, self._public):
            with contextlib.suppress(OSError):  # what lies there may not be ours
                path.unlink(missing_ok=True)
        self._process.start(
            JUPYTER,
            [sys.executable, "-m", "jupyterlab", *_options(self._site)],
            SAGEMAKER_DIR,
            PYTHONPATH=f"{PACKAGES}:{sandbox.CODE_DIR}",
            JUPYTER_CONFIG_PATH=INSIDE_DIR,
            JUPYTER_RUNTIME_DIR=f"{HOME}/.local/share/jupyter/runtime",
        )

    def _publish(self) -> bool:
        """Give its socket a second name, out of reach of what runs in there, which could put a link
        to some other socket in place of the first; True once it answers under that one."""
        with contextlib.suppress(OSError):
            self._public.unlink(missing_ok=True)
            os.link(self._inside, self._public, follow_symlinks=False)
            if stat.S_ISSOCK(os.lstat(self._public).st_mode):
                return _listens(str(self._public))
            self._public.unlink()
        return False


def _options(site: str) -> list[str]:
    told = {
        "ServerApp.sock": f"{SOCKETS_DIR}/{_SOCKET}",
        "ServerApp.base_url": site,
        "ServerApp.root_dir": SAGEMAKER_DIR,
        "ServerApp.open_browser": "False",
        # The edge has looked at cookie and Origin, and passes on the Host that the browser knows.
        "ServerApp.allow_remote_access": "True",
        "IdentityProvider.token": "",
        "PasswordIdentityProvider.hashed_password": "",
        "KernelManager.transport": "ipc",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    return [f"--{name}={value}" for name, value in told.items()]


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(path) == 0
