"""The LOAD order: start the program and ask /ping until it says 200, or say why it never did.

Source of the rules: reference/container-contract.md §2 (200 within the start-up time; a ping that
takes longer than 2 s is a failed one).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from argosy.runtimes.bridge.calls import Ping
from argosy.runtimes.bridge.listening import listening_ports
from argosy.runtimes.bridge.pool import Pool
from argosy.runtimes.bridge.program import Program

PORT = 8080
"""Where a container listens unless SAGEMAKER_BIND_TO_PORT says otherwise."""
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25
_OK = 200


@dataclass(frozen=True)
class Order:
    """The body of a LOAD: what to start, and the limits to keep."""

    command: list[str] = field(default_factory=lambda: ["serve"])
    """The first word is looked up on the PATH of `environment`."""
    environment: dict[str, str] = field(default_factory=dict)
    """All of the program's environment."""
    folder: str = "/opt/program"
    """Where it is started."""
    startup_s: float = 240.0
    drain_s: float = 65.0
    """How long a DRAIN waits for other askers to leave."""
    grace_s: float = 30.0
    """Between SIGTERM and SIGKILL (reference/container-contract.md §1)."""
    max_answer: int = 6 << 20
    """Bytes that a whole (not streamed) answer may have."""

    @classmethod
    def parse(cls, body: bytes) -> Order:
        """Members that are not ours are left alone. Raises ValueError."""
        given: dict[str, Any] = json.loads(body)
        return cls(**{name: given[name] for name in cls.__dataclass_fields__ if name in given})

    @property
    def port(self) -> int:
        """Raises ValueError."""
        return int(self.environment.get("SAGEMAKER_BIND_TO_PORT") or PORT)


class Patience:
    """Asks /ping until it is answered 200."""

    def __init__(self, pool: Pool, program: Program | None) -> None:
        self._pool = pool
        self._program = program
        self._last = "it was not asked"

    async def wait(self, seconds: float) -> str:
        """ "" once it is well; else a sentence on why it is not, after that time or sooner."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        pause = _FIRST_PAUSE_S
        while loop.time() < deadline:
            well = await self._well()
            if self._program is not None and self._program.status is not None:
                return f"{self._program.end} before it was in service"
            if well:
                return ""
            await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        return f"/ping was not answered with 200 within {seconds:.0f} s: {self._hint()}"

    async def _well(self) -> bool:
        answer: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

        def told(status: int, reason: str) -> None:
            if not answer.done():
                answer.set_result((status, reason))

        self._pool.begin(Ping(told), urgent=True)
        status, reason = await answer
        self._last = reason or f"it answered with {status}"
        return status == _OK

    def _hint(self) -> str:
        """What is known: a server on another port is more telling than a refused connection."""
        ports = listening_ports() if self._program is not None else []
        port = int(self._pool.address.rpartition(":")[2]) if ports else 0
        if not ports or port in ports:
            return self._last
        listed = " and ".join(map(str, ports[:5]))
        return f"it listens on port {listed}, not on {port}"
