"""Running `argosy` as a user would: a process, its exit code, what it printed."""

import signal
import subprocess
import sys
from dataclasses import dataclass

COMMAND = [sys.executable, "-P", "-m", "argosy.cli"]


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str


def argosy(environment: dict[str, str], *arguments: str, stdin: bytes = b"") -> Ran:
    """Run one command to its end; the terminal is wide and has no colours."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment | {"COLUMNS": "160", "NO_COLOR": "1"},
        input=stdin,
        capture_output=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def as_in_a_terminal() -> None:
    """For `preexec_fn`: what was started in the background ignores Ctrl-C, as do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
