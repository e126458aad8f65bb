"""The process of one analysis: started, listened to, ended; its result read from its file."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from argosy.ground.files import read_json
from argosy.ground.instances import StoreAccess
from argosy.monitor.analysis import Analysis, Result, failed

_INHERITED = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE")
_LONGEST_LINE = 1 << 16


class Child:
    """Runs until `done`; `end` hastens that. Once over, `result` says what came of it."""

    def __init__(
        self,
        analysis: Analysis,
        store: StoreAccess,
        file: Path,
        say: Callable[[str], None],
        over: Callable[[], None],
    ) -> None:
        """`say` gets its lines; `over` is called when it has ended."""
        self._given = {"analysis": analysis, "store": asdict(store), "parent": os.getpid()}
        self._file = file
        self._say = say
        self._over = over
        self._process: asyncio.subprocess.Process | None = None
        self._result: Result | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def done(self) -> bool:
        return self._task.done()

    @property
    def result(self) -> Result:
        """Only once it is done."""
        return self._result or failed("The analysis could not be started.")

    def end(self) -> None:
        """Kill it; idempotent."""
        if self._process is None:
            self._task.cancel()
        elif self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    async def wait(self) -> None:
        """Until it is over."""
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            self._result = await self._whole_life()
        except OSError as error:
            self._result = failed(f"The analysis could not be started: {error}")
        finally:
            self._file.unlink(missing_ok=True)
            self._over()

    async def _whole_life(self) -> Result:
        self._file.unlink(missing_ok=True)
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "argosy.monitor", str(self._file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(self._given).encode())
        process.stdin.close()
        await self._listen(process.stdout)
        code = await process.wait()
        found: Result | None = read_json(self._file)
        return found or failed(_without_result(code))

    async def _listen(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                continue  # longer than a line may be: the reader has dropped it
            if not line:
                return
            self._say(line.decode("utf-8", "replace").rstrip("\n"))


def _without_result(code: int) -> str:
    if code == -signal.SIGKILL:
        return "The analysis was killed: perhaps the machine had no memory left."
    ending = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"The analysis ended without a result ({ending}); its log says more."
