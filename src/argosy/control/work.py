"""Where porters connect: each is handed to the desk that deals out its kind of work.

Lines of JSON over `DataDir.work_socket`. This file knows connections, not what is said: a desk
keeps the book. A desk that stumbles (the disk is full) loses the connection, and the porter comes
again with all that was not acknowledged.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from argosy.control.listening import listen
from argosy.ground.work import Hello

log = logging.getLogger(__name__)

_STUMBLED_S = 0.5


class Porter:
    """A porter that is connected."""

    def __init__(self, hello: Hello, writer: asyncio.StreamWriter) -> None:
        self.hello = hello
        self._writer = writer

    @property
    def instance(self) -> str:
        return self.hello["instance"]

    def send(self, message: dict[str, Any]) -> None:
        """Have it sent; a porter that is gone does not get it, and `Desk.left` follows."""
        self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Break the connection; the porter will connect again."""
        self._writer.close()

    async def closed(self) -> None:
        """Until the connection is no more."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Desk(Protocol):
    """Deals out work of one kind. All methods are called on the loop, and do not wait."""

    def joined(self, porter: Porter) -> None:
        """It is connected; `porter.hello` says what it holds from before."""
        ...

    def told(self, porter: Porter, message: dict[str, Any]) -> None:
        """It said something."""
        ...

    def left(self, porter: Porter) -> None:
        """Its connection is lost: it died, or it will come again."""
        ...


class Hub:
    """All connected porters."""

    def __init__(self, desks: Mapping[str, Desk]) -> None:
        """`desks` by kind of work."""
        self._desks = desks
        self._server: asyncio.Server | None = None
        self._porters: set[Porter] = set()

    async def listen(self, path: Path) -> None:
        self._server = await listen(path, self._serve)

    async def close(self) -> None:
        """Idempotent."""
        if self._server is not None:
            self._server.close()
        porters = list(self._porters)
        for porter in porters:
            porter.close()
        for porter in porters:
            await porter.closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not (line := await reader.readline()):
                return
            porter = Porter(json.loads(line)["hello"], writer)
            await self._converse(reader, porter, self._desks[porter.hello["work"]["kind"]])
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a porter's connection broke: %r", error)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, porter: Porter, desk: Desk) -> None:
        self._porters.add(porter)
        try:
            desk.joined(porter)
            while line := await reader.readline():
                desk.told(porter, json.loads(line))
        except ConnectionError:
            pass  # it died; what it held is given out again
        except Exception:
            log.exception("the porter of %s could not be served", porter.instance)
            await asyncio.sleep(_STUMBLED_S)
        finally:
            self._porters.discard(porter)
            desk.left(porter)
