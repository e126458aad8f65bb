"""The doorbell: anything that happened rings it, and the reconcilers look again."""

import asyncio
import socket
from pathlib import Path


class Doorbell:
    """One event, rung from within (a commit) and from without (an agent's datagram)."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._transport: asyncio.BaseTransport | None = None

    def ring(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Until the next ring, or until the time is up; forgets all rings so far."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()

    async def listen(self, path: Path) -> None:
        """Also ring for every datagram that reaches the Unix socket at `path`."""
        path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Listener(self), local_addr=str(path), family=socket.AF_UNIX
        )
        path.chmod(0o600)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, doorbell: Doorbell) -> None:
        self._doorbell = doorbell

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._doorbell.ring()
