"""The sandbox of a machine: a root of its own that it can write to, on the host's system.

/usr and what belongs to it are the host's, to be read; everything else below / is the machine's
own. It has the host's network and, as its user, "ec2-user" without any privileges. Each machine
has its own process ids, so that nothing of it outlives it.
"""

from collections.abc import Iterator
from pathlib import Path

from argosy.agent import sandbox
from argosy.agent.folders import Folders
from argosy.ground.machines import INSIDE, INSIDE_DIR, SOCKETS_DIR, MachineSpec


def enclose(command: list[str], folders: Folders, machine: MachineSpec) -> list[str]:
    """The command that runs `command` in the machine's sandbox."""
    inside = folders.root / INSIDE
    options = [
        *sandbox.isolation(),
        *("--hostname", machine.host_name[:63]),
        *("--bind", str(root_of(folders, machine)), "/"),
        *("--bind", str(folders.temporary), "/tmp"),
        *sandbox.common(folders),
        *("--ro-bind", str(inside / "passwd"), "/etc/passwd"),
        *("--ro-bind", str(inside / "group"), "/etc/group"),
        *_kept(machine),
        *("--ro-bind", str(inside), INSIDE_DIR),
        *_sockets(folders, machine),
        *("--chdir", "/"),
    ]
    return [sandbox.bubblewrap(), *options, "--", *command]


def root_of(folders: Folders, machine: MachineSpec) -> Path:
    """What is / in there: the volume itself, or a folder that goes with the instance."""
    return Path(machine.volume) if machine.volume_at == "/" else folders.root / "root"


def _sockets(folders: Folders, machine: MachineSpec) -> Iterator[str]:
    """The folder in which JupyterLab makes its socket."""
    if machine.site:
        yield from ("--bind", str(folders.run), SOCKETS_DIR)


def _kept(machine: MachineSpec) -> Iterator[str]:
    if machine.volume_at != "/":
        yield from ("--bind", machine.volume, machine.volume_at)
