"""The kind of environment that is a container: made, and nothing of it left behind.

All containers of a platform have its label; those of a control that was killed are found by it. An
engine that is away hinders nothing but the functions of images.
"""

import asyncio
import logging
import os
from secrets import token_hex
from typing import Any

from argosy.agent.engine import Engine, EngineError
from argosy.automation.functions.containers.container import Container
from argosy.automation.functions.containers.definition import definition
from argosy.automation.functions.containers.shelf import Shelf
from argosy.automation.functions.environment import Environment
from argosy.automation.functions.making import Maker
from argosy.automation.functions.runtime_api import RuntimeApi
from argosy.ground.aside import aside
from argosy.ground.errors import ServiceException
from argosy.ground.functions import FunctionImage, FunctionVersion, NoImage
from argosy.ground.instances import PulledImage
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.state.database import StorageError
from argosy.state.functions import images_in_use

LABEL = "argosy.functions"
_PATIENCE_S = 20.0
_TEND_S = 900.0
_NO_ENGINE = (
    "Functions of container images need a container engine: ARGOSY_CONTAINER_ENGINE names the "
    "socket of docker or podman."
)
_UNSEEN = (
    "The processes of its containers cannot be looked at: functions of images need Argosy to run "
    "as root, or as the user whose rootless podman the container engine is."
)

_log = logging.getLogger(__name__)


class Containers:
    """Those of one platform."""

    def __init__(self, means: Means, maker: Maker) -> None:
        self._means = means
        self._maker = maker
        self._there = bool(means.settings.container_engine)
        self._engine = Engine(means.settings.container_engine)
        self._shelf = Shelf(means, self._engine)
        self._labels = {LABEL: str(means.data_dir.root)}
        self._running: set[Container] = set()
        self._looking: dict[tuple[str, str], asyncio.Future[FunctionImage]] = {}
        self._cleared: asyncio.Future[None] | None = None
        """Done when what an earlier control has left was removed, if the engine let it be."""
        self._tending: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Remove what an earlier control has left, and from time to time what is too much."""
        if self._there:
            self._cleared = aside(self._clear, "containers")
            self._tending = asyncio.create_task(self._tend())

    async def stop(self) -> None:
        """Return when the containers, all of which were ended, are removed."""
        await cancel(self._tending)
        if self._running:
            waiting = [asyncio.create_task(one.ended.wait()) for one in self._running]
            _, left = await asyncio.wait(waiting, timeout=_PATIENCE_S)
            for task in left:
                task.cancel()
            await aside(self._clear, "containers")

    async def reset(self) -> None:
        """Give up all images: the functions are gone already."""
        if self._there:
            await self._clear_images()

    async def image(self, uri: str, pulled: PulledImage | None) -> FunctionImage:
        """See `Functions.image`."""
        self._check()
        key = uri, pulled["digest"] if pulled else ""
        going = self._looking.get(key)
        if going is None:
            going = aside(lambda: self._shelf.look_up(uri, pulled), "image")
            self._looking[key] = going
            going.add_done_callback(lambda _: self._looking.pop(key, None))
        try:
            return await asyncio.shield(going)
        except EngineError as error:
            raise ServiceException(str(error)) from None

    async def environment(self, version: FunctionVersion) -> Environment:
        """An environment that is about to start. Raises ServiceException."""
        self._check()
        assert version.image is not None
        try:
            if self._cleared is not None:
                await asyncio.shield(self._cleared)
            image = version.image
            found = await aside(lambda: self._shelf.find(image), "image")
            return await self._made(version, found)
        except (EngineError, NoImage) as error:
            raise ServiceException(str(error)) from None

    async def _made(self, version: FunctionVersion, found: dict[str, Any]) -> Environment:
        container = Container(self._engine, f"argosy-function-{token_hex(8)}")
        api = RuntimeApi(lambda: container.pid)
        environment, variables = self._maker.around(version, container)
        environment.talk = api
        labels = {**self._labels, "argosy.function": version.arn}
        try:
            api.reserve()
            variables["AWS_LAMBDA_RUNTIME_API"] = api.address
            self._running = {one for one in self._running if not one.ended.is_set()} | {container}
            await container.start(definition(version, found, variables, labels))
            _check_seen(container.pid)
            await api.listen()
        except BaseException:
            environment.end()
            raise
        asyncio.get_running_loop().call_soon(container.follow)
        return environment

    async def _tend(self) -> None:
        while True:
            await self._clear_images()
            await asyncio.sleep(_TEND_S)
            await aside(self._clear, "containers")

    def _clear(self) -> None:
        """Remove the containers of this platform that nobody uses."""
        try:
            there = self._engine.labelled(f"{LABEL}={self._labels[LABEL]}")
            used = {one.name for one in self._running if not one.ended.is_set()}
            for name in there.keys() - used:
                self._engine.remove(there[name])
        except EngineError as error:
            _log.warning("containers of functions may be left: %s", error)

    async def _clear_images(self) -> None:
        """Give up images of the registry that no function has any more."""
        try:
            used = images_in_use(self._means.records)
            await aside(lambda: self._shelf.keep(used), "images")
        except (EngineError, StorageError) as error:
            _log.warning("images of functions may be left: %s", error)

    def _check(self) -> None:
        if not self._there:
            raise ServiceException(_NO_ENGINE)


def _check_seen(pid: int) -> None:
    """Raises EngineError where it could not be told whether a connection is the container's."""
    try:
        os.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        raise EngineError(_UNSEEN) from None
    except OSError:
        return  # it has ended already, and says so
