"""How an environment of a zip comes to be: a folder, a process in its sandbox, what it is told.

A Python environment is made of a spare, if there is one: a process that runs already and has
imported what takes long. A custom runtime (`provided…`) is a program of the function's own.
"""

import asyncio
import contextlib
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from argosy.automation.functions import inside, tree
from argosy.automation.functions.channel import Channel
from argosy.automation.functions.environment import Environment
from argosy.automation.functions.making import Maker
from argosy.automation.functions.process import Process
from argosy.automation.functions.runtime_api import RuntimeApi
from argosy.automation.functions.sandbox import PRELOADED, Home, Shelter, interpreter
from argosy.ground.functions import FunctionVersion
from argosy.ground.paths import DataDir
from argosy.runtimes.function import SPEC, WARM

USUAL_TMP_MB = 512
_FILES = 1024
_BACKSTOP_MB = 1024
_PATIENCE_S = 3.0


@dataclass
class Python:
    """A Python process that is nobody's yet."""

    home: Home
    process: Process
    channel: Channel
    warm: bool = False
    ended: bool = False

    def end(self) -> None:
        self.process.kill()
        self.channel.close()


class Launcher:
    """Starts environments of zips."""

    def __init__(self, data_dir: DataDir, shelter: Shelter, maker: Maker) -> None:
        self._data_dir = data_dir
        self._shelter = shelter
        self._maker = maker
        self._root = data_dir.function_environments
        self._processes: set[Process] = set()

    async def python(self, *, warm: bool, tmp_mb: int = USUAL_TMP_MB) -> Python:
        """A process that waits for what it is to be. Raises OSError."""
        home = await asyncio.to_thread(self._new_home)
        ours, theirs = socket.socketpair()
        process = self._process()
        try:
            command = self._shelter.python(home, theirs.fileno(), warm=warm, tmp_mb=tmp_mb)
            environ = inside.outer()
            if not self._shelter.enclosed:
                environ["PYTHONPATH"] = self._shelter.runtime()
            process.start(command, environ, str(home.root), [theirs.fileno()])
        except OSError:
            ours.close()
            self.remove(home)
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        channel = Channel()
        await asyncio.get_running_loop().create_connection(lambda: channel, sock=ours)
        return self._watched(Python(home, process, channel))

    def _watched(self, python: Python) -> Python:
        def heard(letter: bytes, head: object, body: bytes) -> None:
            python.warm = python.warm or letter == WARM

        def exited(code: int | None) -> None:
            python.ended = True
            python.channel.close()
            self.remove(python.home)

        python.channel.on_frame = heard
        python.process.on_exit = exited
        return python

    async def environment(self, version: FunctionVersion, python: Python | None) -> Environment:
        """An environment that is about to start; `python` may be a spare. Raises OSError."""
        if version.runtime.startswith("provided"):
            return await self._custom(version)
        code, layers = self._trees(version)
        usable = inside.starts_warm(version) and version.ephemeral_mb == USUAL_TMP_MB
        places = (Path(one) for layer in layers for one in _modules(version, layer))
        own = tree.has_own(PRELOADED, (code, *places))
        if python is not None and (not usable or own):
            python.end()
            python = None
        if python is None:
            python = await self.python(warm=False, tmp_mb=version.ephemeral_mb)
        await asyncio.to_thread(tree.furnish, python.home.task, python.home.layers, code, layers)
        return self._become(version, python)

    async def _custom(self, version: FunctionVersion) -> Environment:
        home = await asyncio.to_thread(self._new_home)
        code, layers = self._trees(version)
        await asyncio.to_thread(tree.furnish, home.task, home.layers, code, layers)
        process = self._process()
        environment, environ = self._environment(version, home, process)
        api = RuntimeApi(lambda: process.pid)
        api.reserve()
        await api.listen()
        limits = f"ulimit -n {_FILES} -d {_data_limit(version) >> 10}"
        program = _bootstrap(home, self._shelter)
        command = self._shelter.program(home, program, version.ephemeral_mb, limits)
        environ["AWS_LAMBDA_RUNTIME_API"] = api.address
        try:
            process.start(command, environ, str(home.task), [])
        except OSError:
            api.close()
            self.remove(home)
            raise
        environment.talk = api
        return environment

    def _become(self, version: FunctionVersion, python: Python) -> Environment:
        home, shelter = python.home, self._shelter
        environment, environ = self._environment(version, home, python.process)
        task, layers, runtime = shelter.task(home), shelter.layers(home), shelter.runtime()
        environ.setdefault("PYTHONPATH", runtime)
        spec = {
            "environ": environ,
            "handler": version.handler,
            "task": task,
            "paths": _paths(version, task, layers, runtime),
            "limits": {
                "RLIMIT_NOFILE": _FILES,
                "RLIMIT_DATA": _data_limit(version),
                "RLIMIT_CORE": 0,
            },
        }
        environment.talk = python.channel
        python.channel.send(SPEC, spec)
        return environment

    def _environment(
        self, version: FunctionVersion, home: Home, process: Process
    ) -> tuple[Environment, dict[str, str]]:
        """The environment around a process, and the variables it is to have."""
        shelter = self._shelter
        environment, environ = self._maker.around(version, process)
        environ = inside.outer() | environ
        environ |= inside.of_zip(version, task=shelter.task(home), runtime=shelter.runtime())
        environment.on_gone = lambda: self.remove(home)
        return environment, environ

    async def quiet(self) -> None:
        """Wait for the end of processes that were ended, a few seconds at most."""
        waiting = [process.ended.wait() for process in self._processes if process.pid]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*waiting), _PATIENCE_S)

    def clear(self) -> None:
        """Remove what an earlier control has left."""
        shutil.rmtree(self._root, ignore_errors=True)

    def remove(self, home: Home) -> None:
        """Remove an environment's folder, not now but soon."""
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, shutil.rmtree, home.root, True)

    def _process(self) -> Process:
        self._processes = {process for process in self._processes if not process.ended.is_set()}
        process = Process(enclosed=self._shelter.enclosed)
        self._processes.add(process)
        return process

    def _new_home(self) -> Home:
        home = Home(self._root / token_hex(8))
        home.create()
        return home

    def _trees(self, version: FunctionVersion) -> tuple[Path, list[Path]]:
        data_dir = self._data_dir
        layers = [data_dir.function_code(digest) for digest in version.layers]
        return data_dir.function_code(version.code_sha256), layers


def _paths(version: FunctionVersion, task: str, layers: str, runtime: str) -> list[str]:
    """Where modules are looked for, before the standard library."""
    more = filter(None, version.environment.get("PYTHONPATH", "").split(":"))
    return list(dict.fromkeys([task, *_modules(version, layers), *more, runtime]))


def _modules(version: FunctionVersion, layer: str | Path) -> list[str]:
    """Folders of a layer, or of all layers, that modules are in."""
    number = interpreter().name.removeprefix("python")
    names = dict.fromkeys((version.runtime, f"python{number}"))
    return [*(f"{layer}/python/lib/{name}/site-packages" for name in names), f"{layer}/python"]


def _bootstrap(home: Home, shelter: Shelter) -> str:
    if (home.task / "bootstrap").exists():
        return f"{shelter.task(home)}/bootstrap"
    return f"{shelter.layers(home)}/bootstrap"


def _data_limit(version: FunctionVersion) -> int:
    """Bytes that no process of the environment gets beyond, though nobody looked in time."""
    return (2 * version.memory_mb + _BACKSTOP_MB) << 20
