"""The sandbox of an execution environment: bubblewrap's command line around one function.

Inside are the system's programs, a bare Python with AWS's runtime client and boto3 in /var/runtime,
the function's code in /var/task and its layers in /opt, all read-only, and a /tmp of its own that
is bounded and gone with it. There is no data folder, no home, no other function, none of Argosy's
packages. The network is the host's, as a function on Lambda has the internet.

Where this machine allows no sandbox (`Shelter.enclosed` is False) the same programs run unenclosed.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argosy.agent import sandbox
from argosy.ground.paths import DataDir
from argosy.runtimes import function

TASK = "/var/task"
LAYERS = "/opt"
RUNTIME = "/var/runtime"
SCRIPT = "argosy_function.py"

SHARED_MB = 64
"""Of /dev/shm, which Lambda has not at all, and which nobody counts as a function's memory."""

_PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot_restore_py",
    "urllib3",
)
PRELOADED = sys.stdlib_module_names.union(_PACKAGES)
"""Names of what a warm environment may have imported already. A function's own `queue.py` goes
before Python's."""


@dataclass(frozen=True)
class Home:
    """The folder of one environment on the host; what lies in it is seen in the sandbox."""

    root: Path

    @property
    def task(self) -> Path:
        return self.root / "task"

    @property
    def layers(self) -> Path:
        return self.root / "layers"

    def create(self) -> None:
        """Make it, empty, with the places for what is mounted below what becomes read-only."""
        for folder in (self.task, self.layers):
            folder.mkdir(mode=0o755, parents=True)
        for place in _python():
            if place.is_relative_to(LAYERS):
                (self.layers / place.relative_to(LAYERS)).mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Shelter:
    """How environments of one platform are enclosed."""

    data_dir: DataDir
    enclosed: bool

    def python(self, home: Home, channel: int, *, warm: bool, tmp_mb: int) -> list[str]:
        """The command of a Python environment whose socket to the engine is `channel`."""
        script = f"{self.runtime()}/{SCRIPT}" if self.enclosed else function.__file__
        words = ["-S", "-s", "-u", script, str(channel), *(("--warm",) if warm else ())]
        return self._enclose(home, [str(interpreter()), *words], tmp_mb)

    def program(self, home: Home, path: str, tmp_mb: int, limits: str) -> list[str]:
        """The command of a program of the function's own; `limits` are words of sh's ulimit."""
        shell = f'{limits}; exec "$0"'
        return self._enclose(home, ["/bin/sh", "-c", shell, path], tmp_mb)

    def task(self, home: Home) -> str:
        return TASK if self.enclosed else str(home.task)

    def layers(self, home: Home) -> str:
        return LAYERS if self.enclosed else str(home.layers)

    def runtime(self) -> str:
        """Where boto3 and the runtime client are; unenclosed, beside all that Argosy has."""
        return RUNTIME if self.enclosed else str(_site())

    def _enclose(self, home: Home, command: list[str], tmp_mb: int) -> list[str]:
        if not self.enclosed:
            return command
        options = [
            *("--hostname", "localhost"),
            *("--size", str(tmp_mb << 20), "--tmpfs", "/tmp", "--symlink", "/tmp", "/var/tmp"),
            *("--ro-bind", str(home.layers), LAYERS),
            *sandbox.bare(self.data_dir, *_python()),
            *("--size", str(SHARED_MB << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
            *("--ro-bind", str(home.task), TASK),
            *_runtime(),
            *("--remount-ro", "/", "--chdir", TASK),
        ]
        return [sandbox.bubblewrap(), *options, "--", *command]


def interpreter() -> Path:
    """The Python that runs functions: the one Argosy runs on, without its packages."""
    return Path(os.path.realpath(sys.executable))


@cache
def _python() -> tuple[Path, ...]:
    """Folders that the interpreter needs, beside the system's."""
    prefixes = (Path(os.path.realpath(sys.base_prefix)), Path(sys.base_prefix))
    found = [path for path in prefixes if not path.is_relative_to("/usr")]
    if not any(interpreter().is_relative_to(path) for path in (*found, Path("/usr"))):
        found.append(interpreter())
    return tuple(dict.fromkeys(found))


@cache
def _runtime() -> tuple[str, ...]:
    """/var/runtime: the runtime client, boto3 and what they need, each by itself."""
    return tuple(_runtime_words())


def _runtime_words() -> Iterator[str]:
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        path = origin.parent if origin.name == "__init__.py" else origin
        yield from ("--ro-bind", str(path), f"{RUNTIME}/{path.name}")
    yield from ("--ro-bind", function.__file__, f"{RUNTIME}/{SCRIPT}")


def _site() -> Path:
    spec = importlib.util.find_spec("boto3")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.parent
