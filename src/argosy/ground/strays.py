"""Ending what is left of a sandbox whose outer process was killed while the inner one was set up.

bubblewrap's inner process asks the kernel to die with the outer one only when its mounts are done.
Killed before, the outer process leaves an inner one that nobody waits for, and its program runs.
"""

import contextlib
import os
import signal
from pathlib import Path

from argosy.ground.processes import ProcessId

_GONE_S = 5.0


def end_strays(folder: Path) -> None:
    """Kill every orphaned sandbox whose command line names something in this folder, and wait.

    Only a process that is the first of a pid namespace is taken for one, never a shell or an
    editor of somebody who looks into the folder; and only one whose outer process is gone: a
    spare's worker goes on under the name of a folder that it has left.
    """
    strays = [ProcessId.of(pid) for pid in _pids() if _is_stray(pid, f"{folder}/".encode())]
    for stray in strays:
        stray.send(signal.SIGKILL)
    for stray in strays:
        stray.wait(_GONE_S)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _is_stray(pid: int, named: bytes) -> bool:
    command = _command_line(pid)
    if named not in command:
        return False
    status = _status(pid)
    is_first = len(status["NSpid"]) > 1 and status["NSpid"][-1] == "1"
    return is_first and _command_line(int(status["PPid"][0])) != command


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _status(pid: int) -> dict[str, list[str]]:
    """NSpid (its pids, that of the innermost namespace last) and PPid."""
    found: dict[str, list[str]] = {"NSpid": [], "PPid": ["0"]}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, values = line.partition(":")
            if name in found:
                found[name] = values.split()
    return found
