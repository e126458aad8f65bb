"""`argosy down`: stop the platform of a data folder, and wait until nothing of it is left."""

import signal
import subprocess
import sys
import time
from os import environ

import click

from argosy.cli import options
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import variable
from argosy.supervisor.lock import holder

_LOOK_EVERY_S = 0.05
_DRAIN_S = "10"


@click.command(epilog=options.example("argosy down\nargosy down --data-dir /srv/argosy"))
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait at most.")
@options.data_dir
def down(timeout: float, data_dir: str) -> None:
    """Stop the platform, its instances included, and wait.

    Works also when `argosy up` was killed and left instances behind. Nothing is deleted: the next
    `argosy up` brings every endpoint back.
    """
    folder = DataDir.at(data_dir)
    ran = _stop_supervisor(folder, timeout)
    left = folder.instances.is_dir() and any(folder.instances.iterdir())
    if left:
        _stop_instances(folder)
    folder.running.unlink(missing_ok=True)
    click.echo("Stopped." if ran or left else f"Nothing runs in {folder.root}.")


def _stop_supervisor(folder: DataDir, timeout_s: float) -> bool:
    """SIGTERM who holds the folder and wait for it to let go; False when nobody does."""
    found = holder(folder)
    if found is None:
        return False
    deadline = time.monotonic() + timeout_s
    told = False
    while found is not None:
        told = told or _ask_to_stop(found)
        if time.monotonic() > deadline:
            pid = found.get("pid", "unknown")
            raise ArgosyError(f"Process {pid} has not stopped after {timeout_s:g} s.")
        time.sleep(_LOOK_EVERY_S)
        found = holder(folder)
    return True


def _ask_to_stop(found: dict[str, int]) -> bool:
    supervisor = ProcessId(found.get("pid", 0), found.get("start_ticks", 0))
    return supervisor.send(signal.SIGTERM)


def _stop_instances(folder: DataDir) -> None:
    command = [sys.executable, "-P", "-m", "argosy.supervisor.instances", _DRAIN_S]
    environment = {**environ, variable("data_dir"): str(folder.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ArgosyError(f"Instances could not be stopped: {done.stderr.strip()[-500:]}")
