"""Control's own sockets: lines of JSON over Unix sockets that only this user can connect to."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

_LINE_LIMIT = 64 * 1024 * 1024

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def listen(path: Path, serve: Serve) -> asyncio.Server:
    """Have `serve` called for each connection to `path`. Raises OSError."""
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path, limit=_LINE_LIMIT)
    path.chmod(0o600)
    return server
