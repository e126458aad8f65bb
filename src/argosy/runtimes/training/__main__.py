"""`python -m argosy.runtimes.training --framework NAME [--site FOLDER]`, in a job's container.

What the script prints goes where we print; the end of its errors stands in the failure file. A
SIGTERM is passed on to the script, which may take its time.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import FrameType

from argosy.runtimes.training.entry import CannotRun, command_of
from argosy.runtimes.training.settings import Settings
from argosy.runtimes.training.variables import arguments, variables

_KEPT_LINES = 20
_CHUNK = 64 * 1024
_LONGEST_REASON = 900
"""FailureReason has 1024 characters, and a few words stand before and after ours."""


def main(options: dict[str, str]) -> int:
    """The exit status."""
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    framework = options.get("--framework", "")
    try:
        settings = Settings.read(base)
        if framework == "xgboost" and not settings.program:
            from argosy.runtimes.training.xgboost_job import train

            return train(settings, _fail)
        return _run(settings, framework, options.get("--site", ""))
    except CannotRun as error:
        _fail(base, str(error))
    except (OSError, ValueError, KeyError) as error:
        _fail(base, f"the job's configuration cannot be read: {error}")
    return 1


def _run(settings: Settings, framework: str, site: str) -> int:
    gpus = _gpus()
    given = arguments(settings.hyperparameters)
    command = command_of(settings, given, gpus or 1)
    found = variables(settings, framework, os.cpu_count() or 1, gpus)
    environment = {**os.environ, **found, "PYTHONPATH": _python_path(settings.code, site)}
    sys.stdout.write(f"Invoking script with the following command:\n\n{shlex.join(command)}\n\n")
    sys.stdout.flush()
    child = subprocess.Popen(
        command, cwd=settings.code, env=environment, stderr=subprocess.PIPE, start_new_session=True
    )
    _pass_on_stop(child)
    tail = _Tail(child)
    status = child.wait()
    tail.finish()
    if status == 0:
        (settings.base / "output/success").touch()
        return 0
    _fail(settings.base, _script_error(status, tail.text, command))
    return 128 - status if status < 0 else status


class _Tail:
    """Passes the script's errors on and keeps the last of them."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr is not None
        self._source = child.stderr
        self._lines: deque[bytes] = deque(maxlen=_KEPT_LINES)
        self._partial = b""
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        lines = [*self._lines, self._partial] if self._partial else list(self._lines)
        return b"\n".join(lines).decode("utf-8", "replace").strip()

    def finish(self) -> None:
        """Wait for the rest; a process that the script left behind may hold it open for ever."""
        self._thread.join(2.0)

    def _relay(self) -> None:
        while data := os.read(self._source.fileno(), _CHUNK):
            _write(data)
            *whole, self._partial = (self._partial + data).split(b"\n")
            self._partial = self._partial[-_CHUNK:]
            self._lines.extend(line[-_LONGEST_REASON:] for line in whole)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(2, data) :]


def _pass_on_stop(child: subprocess.Popen[bytes]) -> None:
    def tell(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    signal.signal(signal.SIGTERM, tell)


def _script_error(status: int, tail: str, command: list[str]) -> str:
    """In the training toolkit's words; the end of a traceback says more than its beginning."""
    shown = shlex.join(command)
    head, rest = f"ExecuteUserScriptError:\nExitCode {status}\nErrorMessage ", f"\nCommand {shown}"
    room = max(100, _LONGEST_REASON - len(head) - min(len(rest), 200))
    return f'{head}"{tail[-room:]}"{rest[:200]}'


def _fail(base: Path, text: str) -> None:
    """Write the failure file, unless the script has written one, and say it."""
    sys.stderr.write(f"{text}\n")
    path = base / "output/failure"
    with contextlib.suppress(OSError):
        if not path.exists():
            path.write_text(text)


def _python_path(code: Path, site: str) -> str:
    """The script's own files first, and not our folder, which is the first one that we have."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)[1:]
    return os.pathsep.join(filter(None, (str(code), site, *given)))


def _gpus() -> int:
    """GPUs that this process may use, as NVIDIA's driver lists them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([one for one in chosen.split(",") if one.strip() and one.strip() != "-1"])
    return len([n for n in os.listdir("/dev") if n.startswith("nvidia") and n[6:].isdigit()])


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(dict(zip(words[::2], words[1::2], strict=False))))
