"""The process of one execution environment: started, heard, ended with all it has started.

Its parent is control's main thread, whose end ends it too (bubblewrap's --die-with-parent). It
refuses to know what the process says on its channel.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

_CHUNK = 64 << 10


class Process:
    """A child in a sandbox; its output goes to `on_output`, and `on_exit` is called once, after
    all of it, with an exit code as shells have it."""

    def __init__(self, *, enclosed: bool) -> None:
        self.on_output: Callable[[bytes], float] = lambda data: 0.0
        """Takes what was printed; returns for how many seconds to read no more."""
        self.on_exit: Callable[[int | None], None] = lambda code: None
        self.lag_s = 0.0
        self.ended = asyncio.Event()
        self._enclosed = enclosed
        self._loop = asyncio.get_running_loop()
        self._popen: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._output = -1
        self._reading = False

    def start(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        cwd: str,
        descriptors: Sequence[int],
    ) -> None:
        """Raises OSError. Only to be called from the thread that lives as long as control does."""
        output, written = os.pipe2(os.O_CLOEXEC)
        try:
            self._popen = subprocess.Popen(
                command,
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except OSError:
            os.close(output)
            raise
        finally:
            os.close(written)
        os.set_blocking(output, False)
        self._output = output
        self._pidfd = os.pidfd_open(self._popen.pid)
        self._loop.add_reader(self._pidfd, self._exited)
        self._listen()

    @property
    def pid(self) -> int:
        """Of the sandbox; 0 before the start and after the end."""
        return self._popen.pid if self._popen is not None and self._pidfd >= 0 else 0

    def drain(self) -> None:
        """Take what has been printed until now."""
        if self._output >= 0:
            self._read_once()

    def kill(self) -> None:
        """End it and all it has started, at once."""
        if self._popen is None or self._pidfd < 0:
            return
        if not self._enclosed:
            with contextlib.suppress(OSError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _listen(self) -> None:
        if self._output >= 0 and not self._reading:
            self._reading = True
            self._loop.add_reader(self._output, self._read)

    def _read(self) -> None:
        pause = self._read_once()
        if pause and self._reading:
            self._reading = False
            self._loop.remove_reader(self._output)
            self._loop.call_later(pause, self._listen)

    def _read_once(self) -> float:
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return 0.0
        except OSError:
            data = b""
        if not data:
            self._close_output()
            return 0.0
        return self.on_output(data)

    def _close_output(self) -> None:
        """The process has closed its output, or it is no more."""
        if self._output >= 0:
            if self._reading:
                self._loop.remove_reader(self._output)
                self._reading = False
            os.close(self._output)
            self._output = -1

    def _exited(self) -> None:
        assert self._popen is not None
        code = self._popen.wait()
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        if not self._enclosed:
            with contextlib.suppress(OSError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        self.drain()
        self._close_output()
        self.ended.set()
        self.on_exit(code)
