"""What the sandbox of a user's program holds besides the system: its image, places to write.

An image of the registry is a root folder and what its configuration says (`pulling`). It is mounted
at `ROOT` under a layer of the instance's own that takes what is written; where the machine has no
such overlays, it is mounted like the `rootfs` of an image folder.

An image folder is seen as /opt/program, and its programs run on the host's system (its /usr, the
Python environment of Argosy). One that has a folder `rootfs` brings a system of its own: that is
mounted, piece by piece and read-only, at `ROOT`, with the same places to write; the bridge, which
needs the host's libraries, stays outside and has the program enter it.

It refuses nothing: what is mounted here lies in a sandbox whose walls `sandbox` makes.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from argosy.agent.folders import Folders
from argosy.agent.image_config import ImageConfig
from argosy.ground.files import read_json

PROGRAM_DIR = "/opt/program"
ROOT = "/image"
ROOTFS = "rootfs"
SETTINGS = "image.json"
"""Beside ROOTFS, in images of the registry only: their `ImageConfig`."""

# Places of a container that programs write to, and the folder of the instance behind each.
WRITABLE = {
    "opt/ml": "ml",
    "tmp": "tmp",
    "var/tmp": "tmp",
    "run": "var/run",
    "var/run": "var/run",
    "var/log": "var/log",
    "var/cache": "var/cache",
    "var/lib/nginx": "var/lib/nginx",
}
_LAYER = ("layer/written", "layer/work")
"""Of the instance: what its program writes in the image's place, and a folder for the kernel."""
_MADE = ("var/log/nginx", "var/cache/nginx", "var/lib/nginx", "var/run", "ml/input/data")
_ML = ("ml/input/config", "ml/output/data", "ml/model")
_CONFIGURATION = ("nginx", "python3", "R", "perl", "magic")
"""Of /etc, besides what every sandbox shows."""
FILES = ("etc/hosts", "etc/resolv.conf")
_BIN = (".venv/bin", "venv/bin", "bin")
NEVER_TAKEN = frozenset({"proc", "dev", "sys"})


def root_of(image: Path) -> str:
    """The program's root folder in the sandbox: "" when it is the sandbox's own."""
    return ROOT if (image / ROOTFS).is_dir() else ""


def path_of(image: Path, system: str, python: str) -> str:
    """PATH of the image's programs: its own, those beside Argosy's Python, the system's."""
    if root_of(image):
        return f"{PROGRAM_DIR}:{system}"
    own = [f"{PROGRAM_DIR}/{name}" for name in _BIN if (image / name).is_dir()]
    return ":".join([PROGRAM_DIR, *own, python, system])


def work_folder(image: Path) -> str:
    """Where the program is started, as it names it."""
    settings = settings_of(image)
    if settings is not None:
        return settings.folder
    there = not root_of(image) or (image / ROOTFS / PROGRAM_DIR[1:]).is_dir()
    return PROGRAM_DIR if there else "/"


def make_folders(folders: Folders, host_name: str) -> None:
    """Make what is bound below. Raises OSError."""
    for name in (*_MADE, *_ML, *_LAYER):
        (folders.root / name).mkdir(mode=0o755, parents=True, exist_ok=True)
    names = f"127.0.0.1 localhost {host_name}\n::1 localhost\n"
    (folders.root / "hosts").write_text(names)


def is_unpacked(image: Path) -> bool:
    """Whether an image of the registry is there, whole."""
    return (image / SETTINGS).is_file()


def settings_of(image: Path) -> ImageConfig | None:
    """What an image of the registry says of how it is run; None for an image folder."""
    found = read_json(image / SETTINGS)
    return None if found is None else ImageConfig(**found)


def mounts(image: Path, folders: Folders, *, overlay: bool) -> Iterator[str]:
    """Options of bubblewrap, to follow those that mount the system.

    overlay: this machine can put a layer to write to over an image's root.
    """
    root = root_of(image)
    if not root:
        yield from ("--ro-bind", str(image), PROGRAM_DIR)
        for name in _CONFIGURATION:
            yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
        yield from _hosts(folders, root)
        return
    layered = overlay and is_unpacked(image)
    yield from _layers(image, folders) if layered else _tree(image / ROOTFS, "")
    yield from ("--proc", f"{root}/proc", "--dev", f"{root}/dev")
    yield from ("--ro-bind-try", "/sys/devices/system/cpu", f"{root}/sys/devices/system/cpu")
    yield from ("--ro-bind-try", "/etc/resolv.conf", f"{root}/etc/resolv.conf")
    yield from places(folders, root, ["opt/ml"] if layered else WRITABLE)
    yield from _hosts(folders, root)


def _layers(image: Path, folders: Folders) -> Iterator[str]:
    written, work = (str(folders.root / name) for name in _LAYER)
    yield from ("--overlay-src", str(image / ROOTFS), "--overlay", written, work, ROOT)


def places(folders: Folders, root: str, names: Iterable[str] = WRITABLE) -> Iterator[str]:
    """Options of bubblewrap for places to write to."""
    for name in names:
        yield from ("--bind", str(folders.root / WRITABLE[name]), f"{root}/{name}")


def _hosts(folders: Folders, root: str) -> Iterator[str]:
    yield from ("--ro-bind", str(folders.root / "hosts"), f"{root}/etc/hosts")


def _tree(rootfs: Path, below: str) -> Iterator[str]:
    """The entries of a root folder, but for those in whose place others are mounted.

    A read-only mount cannot be given new mount points, so folders above such places are made anew
    and their entries bound one by one.
    """
    for entry in sorted(os.scandir(rootfs / below), key=lambda one: one.name):
        name = f"{below}/{entry.name}" if below else entry.name
        if name in NEVER_TAKEN or name in WRITABLE or name in FILES:
            continue
        if any(place.startswith(f"{name}/") for place in (*WRITABLE, *FILES)):
            if entry.is_dir(follow_symlinks=False):  # bubblewrap would follow a link from outside
                yield from ("--dir", f"{ROOT}/{name}")
                yield from _tree(rootfs, name)
        elif entry.is_symlink():
            yield from ("--symlink", os.readlink(entry.path), f"{ROOT}/{name}")
        else:
            yield from ("--ro-bind", entry.path, f"{ROOT}/{name}")
