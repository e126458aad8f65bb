"""Ending what is left of a sandbox whose outer process was killed while the inner one was set up.

bubblewrap's inner process asks the kernel to die with the outer one only when its mounts are done.
Killed before, the outer process leaves an inner one that nobody waits for, and its program runs.
"""

import os
import signal
from pathlib import Path

from argosy.ground.processes import ProcessId

_GONE_S = 5.0


def end_strays(folder: Path) -> None:
    """Kill every sandbox whose command line names something in this folder, and wait for that.

    Only a process that is the first of a pid namespace is taken for one: never a shell or an
    editor of somebody who looks into the folder.
    """
    strays = [ProcessId.of(pid) for pid in _pids() if _is_sandbox(pid, f"{folder}/".encode())]
    for stray in strays:
        stray.send(signal.SIGKILL)
    for stray in strays:
        stray.wait(_GONE_S)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _is_sandbox(pid: int, named: bytes) -> bool:
    try:
        if named not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return False
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    numbers = next((line for line in status.splitlines() if line.startswith("NSpid:")), "").split()
    return len(numbers) > 2 and numbers[-1] == "1"
