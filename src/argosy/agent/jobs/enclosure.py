"""The sandbox of a job: as for models (`agent.sandbox`), with a hosts file and places of its own.

Hosts of one job share the machine's network, where each has a loopback address of its own; with
network isolation there is nothing but loopback.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import argosy
from argosy.agent import image, sandbox
from argosy.agent.jobs.command import Command
from argosy.agent.jobs.layout import Places
from argosy.ground.instances import InstanceSpec
from argosy.ground.jobs import BASE_DIR, FAST_FILE, WARM_DIR, JobSpec

_ENTER = "argosy/runtimes/training/enter.py"


def enclose(
    command: Command, spec: InstanceSpec, job: JobSpec, places: Places, site: Path | None
) -> list[str]:
    """bubblewrap's command line."""
    root = image.root_of(_program(spec)) if spec.container.image_folder else ""
    options = [
        *_isolation(spec, root),
        *("--hostname", job.host[:63]),
        *(("--unshare-net",) if spec.network_isolation else ()),
        *(_around_image(spec, places, root) if spec.container.image_folder else _around_us(places)),
        *_places(job, places, root),
        *("--ro-bind", str(places.folders.root / "hosts"), f"{root}/etc/hosts"),
        *(("--ro-bind", str(site), sandbox.SITE_DIR) if site else ()),
        *("--remount-ro", "/"),
    ]
    return [sandbox.bubblewrap(), *options, "--", *entering(command, root, sandbox.CODE_DIR)]


def entering(command: Command, root: str, code: str) -> list[str]:
    """The words that start the command in its folder, below its root, or say why they cannot."""
    enter = f"{code}/{_ENTER}"
    return [sys.executable, "-I", enter, root, command.folder, *command.words]


def plain(command: Command) -> list[str]:
    """The same where there is no sandbox."""
    return entering(command, "", str(Path(argosy.__file__).parent.parent))


def _program(spec: InstanceSpec) -> Path:
    return Path(spec.container.image_folder)


def _isolation(spec: InstanceSpec, root: str) -> Iterator[str]:
    settings = image.settings_of(_program(spec)) if root else None
    yield from sandbox.isolation(settings.uid, settings.gid) if settings else sandbox.isolation()
    if root:
        yield from ("--cap-add", "CAP_SYS_CHROOT")


def _around_us(places: Places) -> Iterator[str]:
    """For what runs in our own Python."""
    folders = places.folders
    yield from ("--bind", str(folders.temporary), "/tmp", "--symlink", "/tmp", "/var/tmp")
    yield from sandbox.common(folders)
    yield from ("--bind", str(folders.ml), BASE_DIR)


def _around_image(spec: InstanceSpec, places: Places, root: str) -> Iterator[str]:
    """For a program of the user's: on the host's system, or below `root` on its own."""
    folders, program = places.folders, _program(spec)
    if not root:  # first, for the Python environment may lie below /tmp
        yield from image.places(folders, "")
    yield from sandbox.common(folders)
    overlay = image.is_unpacked(program) and sandbox.can_overlay(folders)
    yield from image.mounts(program, folders, overlay=overlay)


def _places(job: JobSpec, places: Places, root: str) -> Iterator[str]:
    for path, folder in places.others.items():
        yield from ("--bind", str(folder), f"{root}{path}")
    for channel in job.channels:
        if channel.mode == FAST_FILE:
            yield from ("--ro-bind", str(places.host(channel.path)), f"{root}{channel.path}")
    if job.warm_folder:
        yield from ("--bind", job.warm_folder, f"{root}{WARM_DIR}")
