"""Saying what is so: state.json in the instance's folder, and a ring at control's door."""

import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from argosy.ground.files import write_json
from argosy.ground.instances import STATE_FILE, InstanceState, Phase
from argosy.ground.jobs import JobOutcome
from argosy.ground.processes import ProcessId


class Report:
    """The agent's state, written whole on every change.

    A full disk does not stop the agent: the state is kept and written by a later `flush`.
    """

    def __init__(self, folder: Path, doorbell: Path) -> None:
        me = ProcessId.of(os.getpid())
        self.folder = folder
        self._doorbell = doorbell
        self._unwritten = False
        self.state = InstanceState(
            phase=Phase.PENDING, agent_pid=me.pid, agent_start_ticks=me.start_ticks
        )

    def say(
        self,
        phase: Phase,
        reason: str = "",
        *,
        worker_pid: int = 0,
        addresses: tuple[str, ...] = (),
    ) -> None:
        """Enter a phase; pid and addresses stay as they were unless given."""
        now = time.time()
        self.state = replace(
            self.state,
            phase=phase,
            reason=reason,
            worker_pid=worker_pid or self.state.worker_pid,
            addresses=addresses or self.state.addresses,
            updated=now,
            in_service_since=now if phase is Phase.IN_SERVICE else self.state.in_service_since,
        )
        self._unwritten = True
        self.flush()
        self._ring()

    def done(self, outcome: JobOutcome) -> None:
        """A job's last word."""
        self.state = replace(self.state, outcome=outcome)
        self.say(Phase.DONE)

    def flush(self) -> None:
        """Write the state if the disk did not take it before."""
        if not self._unwritten:
            return
        try:
            write_json(self.folder / STATE_FILE, self.state.to_json(), sync=False)
            self._unwritten = False
        except OSError as error:
            sys.stderr.write(f"{self.folder.name}: the state cannot be written: {error}\n")

    def _ring(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as bell:
            try:
                bell.sendto(b"", os.fspath(self._doorbell))
            except OSError:
                return  # control is away; it looks when it comes back
