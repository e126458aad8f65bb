"""A machine's life, from the spec to its end, read from top to bottom.

Starting      make the sandbox; run the scripts that must have ended first, in order
InService     what was started goes on; JupyterLab is started when control asks for it
Stopping      after SIGTERM: all processes are asked to end, and are ended
Done          a program in it has switched it off
Failed        with the reason, whatever went wrong
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from argosy.agent import reasons, sandbox
from argosy.agent.crowd import Crowd
from argosy.agent.folders import Folders
from argosy.agent.machines import inside
from argosy.agent.machines.jupyter import Jupyter
from argosy.agent.machines.process import MachineProcess
from argosy.agent.model import CannotServe
from argosy.agent.output import Output
from argosy.agent.report import Report
from argosy.agent.watch import Terminated, Watch
from argosy.ground.instances import InstanceSpec, Phase
from argosy.ground.machines import JUPYTER, MachineSpec, Script
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.strays import end_strays
from argosy.telemetry.logs import LogWriter

_LOOK_EVERY_S = 0.25
_LEAST_FREE = 256 << 20
"""Bytes of the disk."""
_CONSOLE = "console"


class MachineLife:
    """One agent's work. `run` returns when it is over."""

    def __init__(self, spec: InstanceSpec, settings: Settings, data_dir: DataDir) -> None:
        assert spec.machine is not None
        self._spec = spec
        self._machine: MachineSpec = spec.machine
        self._settings = settings
        self._data_dir = data_dir
        self._folders = Folders(data_dir, spec.instance_id)
        self._watch = Watch()
        self._report = Report(self._folders.root, data_dir.doorbell(spec.instance_id))
        self._logs: list[LogWriter] = []
        self._crowd = Crowd(settings.job_processes)
        self._process: MachineProcess | None = None

    def run(self) -> None:
        """Live."""
        try:
            self._live()
        except Terminated:
            self._stop()
        except CannotServe as failure:
            self._report.say(Phase.FAILED, str(failure))
        except Exception as error:
            self._report.say(Phase.FAILED, f"The agent of this machine failed: {error}.")
            raise
        finally:
            self._clean_up()

    def _live(self) -> None:
        self._report.say(Phase.STARTING)
        process = self._process = self._started()
        jupyter = Jupyter(process, self._folders, self._machine.site)
        waiting = [script for script in self._machine.scripts if not self._is_done(script)]
        for script in waiting:
            if script.required:
                self._run_to_its_end(process, script)
        self._report.say(Phase.IN_SERVICE, worker_pid=process.pid)
        for script in waiting:
            if not script.required:
                self._note_done(script)
                process.start(script.name, inside.command_of(script.name, script.text))
        while not self._until(lambda: process.gone or process.switched_off, _LOOK_EVERY_S):
            self._offer(jupyter)
        self._over(process)

    def _until(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Wait for it at most so long; False when it has not happened. Raises CannotServe when the
        disk gets full meanwhile, or the table of processes: nothing else here could go on then."""
        deadline = time.monotonic() + seconds
        while not self._watch.until(happened, min(deadline, time.monotonic() + _LOOK_EVERY_S)):
            self._report.flush()
            status = os.statvfs(self._folders.root)
            free = status.f_bavail * status.f_frsize
            if free < _LEAST_FREE:
                raise CannotServe(reasons.disk_full(free))
            if what := self._crowd.look():
                raise CannotServe(f"The machine was ended because {what}.")
            if time.monotonic() >= deadline:
                return False
        return True

    def _offer(self, jupyter: Jupyter) -> None:
        """Tell where JupyterLab answers."""
        answer = jupyter.tick()
        if answer and answer != self._report.state.addresses:
            self._report.say(Phase.IN_SERVICE, addresses=answer)

    def _over(self, process: MachineProcess) -> None:
        if not process.switched_off:
            raise CannotServe("The sandbox of this machine has ended.")
        self._watch.hear_no_more()
        self._report.say(Phase.STOPPING)
        process.stop(self._machine.grace_s)
        self._report.say(Phase.DONE)

    def _started(self) -> MachineProcess:
        able, why_not = sandbox.decide(self._settings)
        if not able:
            raise CannotServe(reasons.machine_needs_sandbox(why_not))
        try:
            inside.furnish(self._folders, self._machine)
            return MachineProcess(
                self._watch,
                self._folders,
                self._machine,
                {name: self._output(stream) for name, stream in self._streams().items()},
                self._output(f"{self._machine.host_name}/{_CONSOLE}.log"),
                self._settings.instance_memory_mb,
            )
        except OSError as error:
            raise CannotServe(f"The machine cannot be started: {error}.") from error

    def _streams(self) -> dict[str, str]:
        """Where which program prints."""
        scripts = {script.name: script.stream for script in self._machine.scripts}
        return {**scripts, JUPYTER: f"{self._machine.host_name}/jupyter.log"}

    def _run_to_its_end(self, process: MachineProcess, script: Script) -> None:
        process.start(script.name, inside.command_of(script.name, script.text))
        ended = self._until(lambda: script.name in process.ended or process.gone, script.limit_s)
        if not ended:
            raise CannotServe(script.late)
        status = process.ended.get(script.name, -1)
        if status:
            raise CannotServe(f"{script.failed} ({script.name} ended with status {status}.)")
        self._note_done(script)

    def _is_done(self, script: Script) -> bool:
        return script.once and self._mark(script).exists()

    def _note_done(self, script: Script) -> None:
        if script.once:
            with contextlib.suppress(OSError):
                self._mark(script).touch()

    def _mark(self, script: Script) -> Path:
        """Beside the volume, where no program in there reaches it."""
        volume = Path(self._machine.volume)
        return volume.with_name(f"{volume.name}.{script.name}")

    def _output(self, stream: str) -> Output:
        output = Output(self._watch)
        spec = self._spec
        log = LogWriter(
            self._data_dir.logs,
            spec.account,
            spec.region,
            spec.log_group,
            stream,
            self._settings.log_stream_mb << 20,
        )
        output.attach(log)
        self._logs.append(log)
        return output

    def _stop(self) -> None:
        self._watch.hear_no_more()
        self._report.say(Phase.STOPPING)
        if self._process is not None:
            self._process.stop(self._machine.grace_s)

    def _clean_up(self) -> None:
        self._watch.hear_no_more()
        if self._process is not None:
            self._process.kill()
        end_strays(self._folders.root)
        self._watch.pause(0)
        for log in self._logs:
            log.close()
