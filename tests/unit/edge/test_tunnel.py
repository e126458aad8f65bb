"""How long a tunnel lasts: a clock that is moved, a client's transport that only notes."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from argosy.edge import tunnel as module
from argosy.edge.tunnel import Tunnel
from tests.unit.edge.test_connection import FakeTransport

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class ClientTransport(FakeTransport):
    """Takes another protocol."""

    protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.state != "open"


class Scene:
    """A tunnel between such a client and a server that answers with `answer`."""

    def __init__(self, path: Path, answer: bytes = ANSWER, until: float = 0.0) -> None:
        self.path = path / "server"
        self.client = ClientTransport()
        self.over: list[Tunnel] = []
        self.heard = b""
        self._answer = answer
        self._open = 0
        self._until = until or time.time() + 3600

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer)
            while data := await reader.read(1000):
                self.heard += data
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._open -= 1

    async def opened(self, early: bytes = b"") -> Tunnel:
        tunnel = Tunnel(str(self.path), b"GET / HTTP/1.1\r\n\r\n", self._until, self.over.append)
        tunnel.begin(self.client, early)  # type: ignore[arg-type]
        return tunnel

    def run(self, story: Callable[["Scene"], Awaitable[None]]) -> None:
        async def told() -> None:
            server = await asyncio.start_unix_server(self.serve, self.path)
            try:
                async with asyncio.timeout(30):
                    await story(self)
            finally:
                server.close()
                await until(lambda: not self._open)
                await asyncio.sleep(0)

        asyncio.run(told())


async def until(what: Callable[[], Any]) -> None:
    while not what():
        await asyncio.sleep(0.005)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_what_a_client_sent_ahead_is_passed_on_after_the_handshake(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        tunnel = await scene.opened(b"early")
        await until(lambda: scene.heard == b"early")
        assert scene.client.sent == ANSWER
        assert scene.client.reading
        tunnel.close()
        await until(lambda: scene.over)

    Scene(tmp_path).run(story)


def test_a_client_that_is_silent_for_long_is_let_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        tunnel = await scene.opened()
        await until(lambda: scene.client.sent)
        tunnel.sweep(now() + module.IDLE_S - 10)
        assert scene.over == []
        tunnel.sweep(now() + module.IDLE_S + 1)
        assert (scene.over, scene.client.state) == ([tunnel], "closed")

    Scene(tmp_path).run(story)


def test_a_client_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        tunnel = await scene.opened()
        await until(lambda: scene.client.sent)
        scene.client.protocol.pause_writing()
        tunnel.sweep(now() + module.STALL_S - 1)
        assert scene.over == []
        tunnel.sweep(now() + module.STALL_S + 1)
        assert scene.over == [tunnel]

    Scene(tmp_path).run(story)


def test_a_tunnel_ends_with_its_session(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        tunnel = await scene.opened()
        await until(lambda: scene.client.sent)
        tunnel.sweep(now())
        assert scene.over == [tunnel]

    Scene(tmp_path, until=time.time() - 1).run(story)


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        tunnel = await scene.opened()
        tunnel.sweep(now() + module.HANDSHAKE_S + 1)
        assert scene.client.sent.startswith(b"HTTP/1.1 504 ")
        assert scene.over == [tunnel]

    Scene(tmp_path, answer=b"").run(story)


def test_an_answer_that_is_none_is_a_bad_gateway(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.opened()
        await until(lambda: scene.over)
        assert scene.client.sent.startswith(b"HTTP/1.1 502 ")

    Scene(tmp_path, answer=b"HTTP/1.1 200 OK\r\n\r\n").run(story)


def test_a_server_s_endless_head_is_not_kept(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.opened()
        await until(lambda: scene.over)
        assert scene.client.sent.startswith(b"HTTP/1.1 502 ")

    Scene(tmp_path, answer=b"X" * 100_000).run(story)
