"""How an entry point is started: a Python program, a package, a shell script; perhaps many times.

Source: aws/sagemaker-training-toolkit, entry_point.py, _entry_point_type.py, torch_distributed.py.
It refuses MPI where there is no mpirun, and Amazon's own distribution libraries.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from collections.abc import Sequence

from argosy.runtimes.training.settings import Settings

_PORT = "7777"
_UNSUPPORTED = {
    "sagemaker_distributed_dataparallel_enabled": "smdistributed.dataparallel",
    "sagemaker_multi_worker_mirrored_strategy_enabled": "multi_worker_mirrored_strategy",
    "sagemaker_parameter_server_enabled": "parameter_server",
    "sagemaker_instance_groups": "instance groups",
}


class CannotRun(Exception):
    """The entry point cannot be started; one sentence says what to change."""


def command_of(settings: Settings, arguments: Sequence[str], processes: int) -> list[str]:
    """What is to be run in the code's folder. Raises CannotRun.

    processes: how many of them torchrun starts on each host.
    """
    name = settings.program
    if not name:
        raise CannotRun(
            "there is no hyperparameter sagemaker_program: a framework's image runs a script "
            "(entry_point), and the job names none"
        )
    _check_distribution(settings)
    if not (settings.code / name).is_file():
        there = ", ".join(sorted(os.listdir(settings.code))[:10]) or "nothing"
        raise CannotRun(f"the entry point {name} is not in the source archive, which has {there}")
    if (settings.code / "setup.py").is_file():
        return [*_python(settings, processes, module=True), _module(name), *arguments]
    if name.endswith(".py"):
        return [*_python(settings, processes, module=False), name, *arguments]
    _make_executable(settings, name)
    return ["/bin/sh", "-c", shlex.join([f"./{name}", *arguments])]


def _python(settings: Settings, processes: int, *, module: bool) -> list[str]:
    """The interpreter, or torchrun in its place, up to the program's name."""
    if not _is_on(settings, "sagemaker_torch_distributed_enabled") and not _is_on(
        settings, "sagemaker_pytorch_ddp_enabled"
    ):
        return [*_mpi(settings, processes), sys.executable, *(["-m"] if module else [])]
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *("--nnodes", str(len(settings.hosts)), "--nproc_per_node", str(processes)),
        *("--node_rank", str(settings.hosts.index(settings.host))),
        *("--master_addr", settings.hosts[0], "--master_port", _PORT),
        *(["-m"] if module else []),
    ]


def _mpi(settings: Settings, processes: int) -> list[str]:
    if not _is_on(settings, "sagemaker_mpi_enabled"):
        return []
    if len(settings.hosts) > 1 or shutil.which("mpirun") is None:
        raise CannotRun("distribution mpi needs mpirun on this machine and one instance")
    count = settings.reserved.get("sagemaker_mpi_num_of_processes_per_host") or processes
    return ["mpirun", "--host", f"localhost:{count}", "-np", str(count)]


def _check_distribution(settings: Settings) -> None:
    for name, what in _UNSUPPORTED.items():
        if _is_on(settings, name):
            raise CannotRun(f"distribution {what} is not supported; use torch_distributed")


def _is_on(settings: Settings, name: str) -> bool:
    return settings.reserved.get(name) in (True, "true", "True")


def _module(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


def _make_executable(settings: Settings, name: str) -> None:
    path = settings.code / name
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IRUSR)
