"""Running uv: its program, its variables, its command line, and its output as it comes.

It runs in a sandbox wherever there is one, for packages without a wheel run code of their own
while they are built; without a sandbox only wheels are taken. Its cache is thrown away with its
working folder: nothing that one model brings can reach another one.
"""

import os
import re
import selectors
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from argosy.agent import indexes, sandbox
from argosy.agent.environments import size_of
from argosy.agent.folders import Folders
from argosy.agent.parent import die_with_parent, limit_resources
from argosy.ground.settings import Settings

_SECRET = re.compile(r"://[^/@\s]+@")
_MEASURE_EVERY_S = 1.0
_MEASURING_SHARE = 20
"""Of the time at most a twentieth goes into measuring what uv has written."""
_NICE = 5


class CannotInstall(Exception):
    """uv did not do it; the text is one sentence on why, its output says the rest."""


@dataclass(frozen=True)
class Uv:
    """uv, as it is to be run for one environment."""

    folders: Folders
    settings: Settings
    work: Path
    """The one folder it may write to; made with tmp/ in it."""
    folder: Path
    """Where the requirements are written; local paths in them are relative to it."""
    sandboxed: bool
    without_network: bool

    @property
    def seen_work(self) -> str:
        """uv's name for `work`."""
        return sandbox.BUILD_DIR if self.sandboxed else str(self.work)

    @property
    def seen_folder(self) -> str:
        """uv's name for `folder`."""
        if not self.sandboxed:
            return str(self.folder)
        below = self.folder.relative_to(self.folders.ml.resolve())
        return os.path.normpath(f"{sandbox.BASE_DIR}/{below}")

    def pip_install(self, *options: str, heard: Callable[[str], None]) -> bool:
        """`uv pip install` with these options; every line goes to `heard`. Whether it worked.

        Raises CannotInstall when it cannot be run or writes too much.
        """
        variables = indexes.uv_environment(os.environ, self._pip_configs())
        command = [
            *(self._program(), "pip", "install", "--no-config", "--no-progress"),
            *("--python", sys.executable, "--break-system-packages"),
            *("--directory", self.seen_folder, "--cache-dir", f"{self.seen_work}/cache"),
            *self._sources(variables),
            *options,
        ]
        if self.sandboxed:
            command = sandbox.enclose_build(
                command,
                self.work,
                self.folders,
                readable=[self._program(), *self._local_places(variables)],
                without_network=self.without_network,
            )
        return self._run(command, self._environment(variables), heard)

    def _sources(self, variables: dict[str, str]) -> list[str]:
        options = [] if self.sandboxed else ["--only-binary", ":all:"]
        if self.without_network:
            options.append("--offline")
        if self.settings.wheels:
            return [*options, "--no-index", "--find-links", self._wheels]
        return [*options, *(["--no-index"] if variables.get(indexes.NO_INDEX) else [])]

    @property
    def _wheels(self) -> str:
        return str(Path(self.settings.wheels).expanduser().absolute())

    def _local_places(self, variables: dict[str, str]) -> list[str]:
        wheels = [self._wheels] if self.settings.wheels else []
        return [*indexes.local_places(variables), *wheels]

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        temporary = "/tmp" if self.sandboxed else str(self.work / "tmp")
        return {
            **{name: text for name, text in variables.items() if name != indexes.NO_INDEX},
            "PATH": f"{Path(sys.executable).parent}:{sandbox.PATH}",
            "HOME": temporary,
            "TMPDIR": temporary,
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }

    @staticmethod
    def _pip_configs() -> list[str]:
        texts = []
        for path in indexes.pip_config_files(os.environ, sys.prefix):
            try:
                texts.append(path.read_text("utf-8", "replace"))
            except OSError:
                continue
        return texts

    @staticmethod
    def _program() -> str:
        beside = Path(sysconfig.get_path("scripts")) / "uv"
        found = str(beside) if beside.exists() else shutil.which("uv")
        if found is None:
            raise CannotInstall("uv, which installs requirements, is not here: pip install uv.")
        return found

    def _run(
        self, command: list[str], environment: dict[str, str], heard: Callable[[str], None]
    ) -> bool:
        builder = os.getpid()

        def prepare() -> None:
            limit_resources(0)
            os.nice(_NICE)
            die_with_parent(builder)

        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.work,
                env=environment,
                preexec_fn=prepare,
            )
        except OSError as error:
            raise CannotInstall(f"uv cannot be started: {error}.") from error
        with process:
            try:
                self._listen(process, heard)
            finally:
                process.kill()
        return process.returncode == 0

    def _listen(self, process: subprocess.Popen[bytes], heard: Callable[[str], None]) -> None:
        """Hand on what it says until its end. Raises CannotInstall when it writes too much."""
        assert process.stdout is not None
        partial = b""
        measured = time.monotonic()
        pause = _MEASURE_EVERY_S
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if selector.select(pause):
                    data = os.read(process.stdout.fileno(), 64 * 1024)
                    if not data:
                        break
                    *lines, partial = (partial + data).split(b"\n")
                    for line in lines:
                        heard(_clean(line))
                if time.monotonic() > measured + pause:
                    began = time.monotonic()
                    self._measure()
                    measured = time.monotonic()
                    pause = max(_MEASURE_EVERY_S, _MEASURING_SHARE * (measured - began))
        if partial:
            heard(_clean(partial))
        process.wait()
        self._measure()

    def _measure(self) -> None:
        limit = self.settings.max_environment_gb
        if size_of(self.work) > limit * (1 << 30):
            raise CannotInstall(f"They take more than {limit:g} GiB (ARGOSY_MAX_ENVIRONMENT_GB).")


def _clean(line: bytes) -> str:
    """The line without the key that a URL in it may hold."""
    return _SECRET.sub("://…@", line.decode("utf-8", "replace").rstrip("\r"))
