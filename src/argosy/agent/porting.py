"""The agent's hold on its porter: started where there is work to pull, and anew when it dies."""

import subprocess
import sys
import time
from os import getpid

from argosy.agent.parent import die_with_parent
from argosy.ground.instances import InstanceSpec

COMMAND = [sys.executable, "-P", "-m", "argosy.agent.porter"]

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_SOUND_S = 10.0
"""A porter that lived so long did not die of how it was started."""
_KILL_S = 5.0


class Porter:
    """The porter process of one instance; nothing at all where its spec has no work."""

    def __init__(self, spec: InstanceSpec, addresses: tuple[str, ...]) -> None:
        self._wanted = spec.work is not None
        self._command = [*COMMAND, "--instance", spec.instance_id]
        for address in addresses:
            self._command += ["--address", address]
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self.tick()

    def tick(self) -> None:
        """Start it if it is not there, not too soon after the last try."""
        if not self._wanted or not self.ended:
            return
        now = time.monotonic()
        if self._begun and now < self._begun + self._pause_s:
            return
        sound = self._begun and now > self._begun + _SOUND_S
        self._pause_s = _FIRST_PAUSE_S if sound else min(2 * self._pause_s, _LONGEST_PAUSE_S)
        self._begun = now
        self._start()

    def _start(self) -> None:
        me = getpid()
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, preexec_fn=lambda: die_with_parent(me)
            )
        except OSError as error:
            sys.stderr.write(f"the porter cannot be started: {error}\n")

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def terminate(self) -> None:
        """Have it take nothing more and end when it has finished; it is not started again."""
        self._wanted = False
        if self._process is not None and not self.ended:
            self._process.terminate()

    def kill(self) -> None:
        """End it now. Idempotent."""
        self._wanted = False
        if self._process is not None and not self.ended:
            self._process.kill()
            self._process.wait(_KILL_S)
