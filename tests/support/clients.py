"""The real clients, each in a virtual environment of its own, and scripts run in them.

An environment is made once and kept in a cache folder, named by what is installed in it:
$ARGOSY_TEST_CLIENTS, or ~/.cache/argosy-tests. Nothing is installed beside Argosy itself, for
the clients bring requirements that contradict each other's.
"""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.testing import Platform
from tests.support.command import argosy

SDK2 = ("sagemaker==2.257.7",)
SDK3 = ("sagemaker==3.27.0",)
AWS_CLI = ("awscli==1.45.11",)

SCRIPTS = Path(__file__).parents[1] / "journeys" / "clients"
INSTALL_S = 600
"""Installing SDK 3 takes about a minute; a busy machine gets ten."""

_RUN_S = 300
_READY = "ready"
_HURRIED = """
import runpy, sys, time
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.25))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script with its pauses cut: the SDKs look at an endpoint only every 5 to 30 seconds."""


@dataclass(frozen=True)
class Client:
    """One client's environment and the variables that point it at a platform."""

    folder: Path
    variables: dict[str, str]

    def run(self, script: str, *arguments: str | Path) -> Any:
        """What a Python script of `journeys/clients` wrote to the JSON file named last.

        The arguments given here come before that file's name. Fails with all that was printed.
        """
        work = Path(self.variables["HOME"])
        answers = work / f"{Path(script).stem}.json"
        command = [
            str(self.folder / "bin" / "python"),
            *("-c", _HURRIED),
            *(str(SCRIPTS / script), *map(str, arguments), str(answers)),
        ]
        self._finish(command, work)
        return json.loads(answers.read_text())

    def shell(self, script: str, *arguments: str | Path, folder: Path) -> str:
        """What a shell script of `journeys/clients` prints, run in `folder`."""
        return self._finish(["bash", str(SCRIPTS / script), *map(str, arguments)], folder)

    def _finish(self, command: list[str], folder: Path) -> str:
        done = subprocess.run(
            command,
            env=self.variables,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_RUN_S,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
        return done.stdout


def client(platform: Platform, requirements: tuple[str, ...], home: Path) -> Client:
    """These requirements, installed, and what a shell has after `eval "$(argosy env)"`.

    `home` is the user's home folder, which holds no configuration of AWS clients.
    """
    folder = installed(requirements)
    system = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath)])
    return Client(folder, {**system, "PATH": path, "HOME": str(home), **_exports(platform)})


def _exports(platform: Platform) -> dict[str, str]:
    printed = argosy(platform.environment(), "env")
    assert printed.code == 0, printed.err
    lines = [shlex.split(line)[1] for line in printed.out.splitlines()]
    return dict(line.split("=", 1) for line in lines)


def installed(requirements: tuple[str, ...]) -> Path:
    """The folder of an environment that holds the requirements; made if need be."""
    told = f"{sys.version_info[:2]} {' '.join(requirements)}"
    name = hashlib.sha256(told.encode()).hexdigest()[:16]
    folder = _cache() / name
    with _locked(_cache() / f"{name}.lock"):
        if not (folder / _READY).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, requirements)
            (folder / _READY).write_text(told)
    return folder


def _cache() -> Path:
    given = os.environ.get("ARGOSY_TEST_CLIENTS")
    folder = Path(given) if given else Path.home() / ".cache" / "argosy-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(folder: Path, requirements: tuple[str, ...]) -> None:
    """With uv, which is quick, or with pip where uv is missing or finds no way."""
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        venv.create(folder, symlinks=True)
        command = [uv, "pip", "install", "--quiet", "--python", python, *requirements]
        if subprocess.run(command, timeout=INSTALL_S, check=False).returncode == 0:
            return
    venv.create(folder, clear=True, symlinks=True, with_pip=True)
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *requirements], timeout=INSTALL_S, check=True
    )
