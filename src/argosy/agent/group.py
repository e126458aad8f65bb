"""An instance of several containers: an agent for each, and this one, which speaks for all.

The members are agents like any other (`agent.life`), with a spec of one container; they ring here
when their state changes and die when this process dies. The instance is in service when all of
them are, and fails with the first one that fails, whose words it repeats.
"""

import os
import signal
import socket
import subprocess
import sys
import time

from argosy.agent.parent import die_with_parent
from argosy.agent.porting import Porter
from argosy.agent.report import Report
from argosy.agent.watch import Terminated, Watch
from argosy.ground.files import read_json, write_json
from argosy.ground.instances import (
    SPEC_FILE,
    STATE_FILE,
    InstanceSpec,
    InstanceState,
    Phase,
    member_id,
)
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.strays import end_strays

_STOP_MARGIN_S = 40.0
"""A program of the user's has 30 s from SIGTERM to SIGKILL."""
_FAR_S = 3600.0


class Group:
    """`run` returns when the instance is over."""

    def __init__(self, spec: InstanceSpec, settings: Settings, data_dir: DataDir) -> None:
        self._spec = spec
        self._settings = settings
        self._data_dir = data_dir
        self._watch = Watch()
        self._members: list[Member] = []
        self._porter: Porter | None = None
        self._report = Report(
            data_dir.instance(spec.instance_id), data_dir.doorbell(spec.instance_id)
        )
        self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def run(self) -> None:
        """Bring up all containers, watch them, and end them together."""
        self._listen()
        try:
            self._report.say(Phase.DOWNLOADING)
            self._members = [Member(one, self._data_dir) for one in self._spec.members()]
            self._reach(Phase.STARTING, (Phase.STARTING, Phase.IN_SERVICE))
            self._reach(Phase.IN_SERVICE, (Phase.IN_SERVICE,))
            self._porter = Porter(self._spec, self._report.state.addresses)
            self._watch_until_one_fails()
        except Terminated:
            self._stop()
        except _Failed as failure:
            self._report.say(Phase.FAILED, str(failure))
        finally:
            if self._porter is not None:
                self._porter.kill()
            for member in self._members:
                member.kill()
            self._bell.close()

    def _listen(self) -> None:
        path = self._data_dir.doorbell(member_id(self._spec.instance_id, 1))
        path.unlink(missing_ok=True)
        self._bell.bind(os.fspath(path))
        self._watch.add(self._bell.fileno(), self._rung)

    def _rung(self) -> None:
        try:
            while True:
                self._bell.recv(1)
        except BlockingIOError:
            return

    def _reach(self, phase: Phase, enough: tuple[Phase, ...]) -> None:
        """Wait until every member is in one of these phases, and say so. Raises _Failed."""
        while not all(member.look().phase in enough for member in self._members):
            self._look_for_failures()
            self._watch.pause_until_woken(_FAR_S)
        states = [member.look() for member in self._members]
        addresses = tuple(address for state in states for address in state.addresses)
        self._report.say(phase, worker_pid=states[0].worker_pid, addresses=addresses)

    def _watch_until_one_fails(self) -> None:
        while True:
            self._look_for_failures()
            self._report.flush()
            if self._porter is not None:
                self._porter.tick()
            self._watch.pause_until_woken(self._settings.ping_interval_s)

    def _look_for_failures(self) -> None:
        """Raises _Failed with the words of a member that is dead or said that it failed."""
        for member in self._members:
            ended = member.ended  # before its state is read: what a dead agent wrote is final
            state = member.look()
            if state.phase is Phase.FAILED or ended:
                name = member.spec.container.name
                raise _Failed(state.reason or f"The agent of the {name} container was killed.")

    def _stop(self) -> None:
        self._watch.hear_no_more()
        self._report.say(Phase.STOPPING)
        if self._porter is not None:
            self._porter.terminate()
        for member in self._members:
            member.terminate()
        deadline = time.monotonic() + self._settings.drain_timeout_s + _STOP_MARGIN_S
        self._watch.until(lambda: all(member.ended for member in self._members), deadline)


class Member:
    """The agent of one container."""

    def __init__(self, spec: InstanceSpec, data_dir: DataDir) -> None:
        self.spec = spec
        self._folder = data_dir.instance(spec.instance_id)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        (self._folder / STATE_FILE).unlink(missing_ok=True)
        write_json(self._folder / SPEC_FILE, spec.to_json(), sync=False)
        me = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "argosy.agent", "--instance", spec.instance_id],
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(me),
        )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def look(self) -> InstanceState:
        """What it last said of itself."""
        value = read_json(self._folder / STATE_FILE)
        if not isinstance(value, dict):
            return InstanceState(phase=Phase.PENDING)
        return InstanceState.from_json(value)

    def terminate(self) -> None:
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now; its worker dies with it. Idempotent."""
        if not self.ended:
            self._process.kill()
            self._process.wait()
        end_strays(self._folder)


class _Failed(Exception):
    """One container will not serve, so the instance will not; the text says why."""
