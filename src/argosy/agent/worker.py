"""The worker as the agent sees it: a process that is started, watched, and ended.

Started before its model is known (a spare) or after; in the sandbox, or without it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import argosy
from argosy.agent import image, sandbox
from argosy.agent.environment import worker_environment
from argosy.agent.folders import Folders
from argosy.agent.output import Output
from argosy.agent.parent import die_with_parent, limit_resources
from argosy.ground.processes import ProcessId, children_of
from argosy.ground.settings import Settings

_GONE_S = 5.0


class Worker:
    """A started worker process."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, sandboxed: bool, is_program: bool = False
    ) -> None:
        self._process = process
        self.sandboxed = sandboxed
        self.is_program = is_program
        """It is a bridge to a program of the user's, which may take its time to end."""

    @classmethod
    def start(
        cls,
        runtime: str,
        folders: Folders,
        settings: Settings,
        output: Output,
        *,
        sandboxed: bool,
        host_name: str,
        without_network: bool,
        program: Path | None = None,
        control: int = -1,
        site: Path | None = None,
    ) -> "Worker":
        """Start a worker that will listen on `folders.run`/worker.sock. Raises OSError.

        program: the image folder of a user's program; the worker is then a bridge, in a sandbox.
        control: the socket of a zygote of many models, which is started instead then, or of a
        bridge to a container of many.
        site: packages that go before those that are installed.
        """
        command, environment = _plain(runtime, folders, control, site)
        if program is not None:
            command, environment = _bridge(folders, host_name, program, control)
        elif sandboxed:
            command, environment = _enclosed(
                runtime, folders, host_name, without_network, control, site
            )
        memory_mb, passed = settings.instance_memory_mb, () if control < 0 else (control,)
        process = _started(command, environment, folders, output, memory_mb, passed)
        return cls(process, sandboxed=sandboxed, is_program=program is not None)

    @classmethod
    def start_container(cls, command: list[str], folders: Folders, output: Output) -> "Worker":
        """Start what runs a container of an engine, and a bridge to it (see `containers`).

        Raises OSError.
        """
        _, environment = _plain("", folders, -1, None)
        process = _started(command, environment, folders, output)
        return cls(process, sandboxed=False, is_program=True)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def status(self) -> int:
        """As `subprocess` gives it; only once it has ended."""
        return self._process.returncode

    @property
    def pid(self) -> int:
        """The process that holds the model, as the host numbers it."""
        pid = self._process.pid
        for _ in range(2 if self.sandboxed else 0):
            children = children_of(pid)
            if not children:
                break
            pid = children[0]
        return pid

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now, with everything in its sandbox, and wait for that."""
        inside = self._first_inside()
        self._signal(signal.SIGKILL)
        self._process.wait()
        for process in inside:  # which ends a moment later, and listens until then
            process.wait(_GONE_S)

    def _first_inside(self) -> list[ProcessId]:
        """The sandbox's first process, with which all others in it end; [] without a sandbox."""
        if not self.sandboxed or self.ended:
            return []
        return [ProcessId.of(pid) for pid in children_of(self._process.pid)]

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended:
            self._process.send_signal(number)


def _started(
    command: list[str],
    environment: dict[str, str],
    folders: Folders,
    output: Output,
    memory_mb: int = 0,
    passed: tuple[int, ...] = (),
) -> "subprocess.Popen[bytes]":
    agent = os.getpid()

    def prepare() -> None:
        limit_resources(memory_mb)
        die_with_parent(agent)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output.writer_descriptor,
        stderr=output.writer_descriptor,
        cwd=folders.ml,
        env=environment,
        preexec_fn=prepare,
        pass_fds=passed,
    )


def _enclosed(
    runtime: str,
    folders: Folders,
    host_name: str,
    without_network: bool,
    control: int,
    site: Path | None,
) -> tuple[list[str], dict[str, str]]:
    seen = sandbox.SITE_DIR if site else ""
    command = sandbox.enclose(
        _command(runtime, f"{sandbox.RUN_DIR}/{folders.worker_socket.name}", control, seen),
        folders,
        host_name=host_name,
        without_network=without_network,
        many_models=control >= 0,
        site=site,
    )
    return command, _inside(seen)


def _bridge(
    folders: Folders, host_name: str, program: Path, control: int
) -> tuple[list[str], dict[str, str]]:
    image.make_folders(folders, host_name)
    root = image.root_of(program)
    command = [
        *(sys.executable, "-P", "-m", "argosy.runtimes.bridge"),
        *("--socket", f"{sandbox.RUN_DIR}/{folders.worker_socket.name}"),
        *(("--root", root) if root else ()),
        *(("--control", str(control)) if control >= 0 else ()),
    ]
    command = sandbox.enclose_program(
        command, folders, host_name=host_name, program=program, many_models=control >= 0
    )
    return command, _inside()


def _inside(site: str = "") -> dict[str, str]:
    """What a process of ours is started with in a sandbox."""
    return worker_environment(
        os.environ,
        path=_path(sandbox.PATH, site),
        python_path=sandbox.CODE_DIR,
        home="/tmp",
        temporary="/tmp",
    )


def _plain(
    runtime: str, folders: Folders, control: int, site: Path | None
) -> tuple[list[str], dict[str, str]]:
    seen = str(site or "")
    temporary = str(folders.temporary)
    environment = worker_environment(
        os.environ,
        path=_path(os.environ.get("PATH", sandbox.PATH), seen),
        python_path=str(Path(argosy.__file__).parent.parent),
        home=temporary,
        temporary=temporary,
    )
    return _command(runtime, str(folders.worker_socket), control, seen), environment


def _command(runtime: str, socket: str, control: int, site: str) -> list[str]:
    """site: the folder of the model's own packages as the worker sees it, or ""."""
    module = ["argosy.runtimes.layered", site] if site else ["argosy.runtimes.worker"]
    told = ["--socket", socket]
    if control >= 0:
        module, told = ["argosy.runtimes.zygote"], ["--control", str(control)]
    return [sys.executable, "-P", "-m", *module, *told, "--runtime", runtime]


def _path(rest: str, site: str) -> str:
    own = f"{site}/bin:" if site else ""
    return f"{own}{Path(sys.executable).parent}:{rest}"
