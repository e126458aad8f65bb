"""One venv per peer, so that nobody's pins stand in anybody's way."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.place import VENVS
from bench.processes import Unavailable

_INSTALL_S = 900.0


def programs_of(name: str, requirements: Path) -> Path:
    """The folder with the programs of bench/venvs/<name>, installed first when that is needed.

    Raises Unavailable with pip's word on it when the requirements cannot be installed.
    """
    venv = VENVS / name
    stamp = venv / "installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        _install(venv, requirements)
        stamp.write_text(wanted)
    return venv / "bin"


def _install(venv: Path, requirements: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(venv)])
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q"]
    _run([*pip, "-r", str(requirements)])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"not installed after {_INSTALL_S:.0f} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")]
        said = (errors or lines or ["pip said nothing"])[-1]
        raise Unavailable(f"not installed: {said[:200]}")
