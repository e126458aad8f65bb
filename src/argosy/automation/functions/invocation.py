"""One invocation on its way: what is asked, and whom to tell what came of it."""

import asyncio
from collections.abc import Callable
from typing import Any

from argosy.ground.functions import FunctionVersion, Invoked


class Invocation:
    """A payload for a function; `done` or `failed` is called once."""

    __slots__ = (
        "_future",
        "client_context",
        "invoked_arn",
        "on_end",
        "payload",
        "request_id",
        "tail",
        "trace",
    )

    def __init__(
        self,
        payload: bytes,
        request_id: str,
        invoked_arn: str,
        *,
        tail: bool = False,
        client_context: str = "",
        trace: str = "",
    ) -> None:
        self.payload = payload
        self.request_id = request_id
        self.invoked_arn = invoked_arn
        self.tail = tail
        self.client_context = client_context
        self.trace = trace
        self.on_end: Callable[[Invoked | None], None] = lambda invoked: None
        self._future: asyncio.Future[Invoked] = asyncio.get_running_loop().create_future()

    async def wait(self) -> Invoked:
        """What came of it. Cancelled, it goes on. Raises ApiError."""
        return await asyncio.shield(self._future)

    def done(self, invoked: Invoked) -> None:
        self.on_end(invoked)
        if not self._future.done():
            self._future.set_result(invoked)

    def failed(self, error: Exception) -> None:
        """It could not be run."""
        self.on_end(None)
        if not self._future.done():
            self._future.set_exception(error)
            self._future.exception()  # somebody may have left: then nobody asks for it

    def head(self, version: FunctionVersion, deadline_ms: int) -> dict[str, Any]:
        """What the runtime is told beside the payload."""
        head = {
            "id": self.request_id,
            "arn": self.invoked_arn or version.invoked_arn or version.arn,
            "deadline_ms": deadline_ms,
        }
        if self.client_context:
            head["client_context"] = self.client_context
        if self.trace:
            head["trace"] = self.trace
        return head
