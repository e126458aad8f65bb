"""The line on which asynchronous requests go to control, in groups, to be kept durably.

What comes within one turn of the loop, or while a group is on its way, is handed over as one group,
which control commits as a whole; only then are the clients answered. A group whose
acknowledgement did not come is handed over again when control is back: its requests have ids, and
none is kept twice. Who waits for too long is told 503 and may try again. It refuses to answer 202
for anything that control has not acknowledged.
"""

import asyncio
import base64
import json
import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from argosy.edge.asynchronous import Submission, answer, submission
from argosy.edge.request import Request
from argosy.edge.table import Endpoint
from argosy.ground.errors import ServiceUnavailable, ValidationError
from argosy.ground.routes import AsyncEntry

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long a client waits for control, which is back much sooner when it was restarted."""
_RETRY_S = 0.1
_MOST_IN_GROUP = 1000
_MOST_BYTES_IN_GROUP = 4 << 20
_UNIT = 1024
"""What a request is taken to occupy besides its body."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """A client that waits for its 202."""

    request: Request
    kept: Submission
    since: float
    gone: bool = False

    def abandon(self) -> None:
        """The client is gone; what it asked for may be kept all the same."""
        self.gone = True


class Intake(asyncio.Protocol):
    """The edge's end of run/intake.sock."""

    def __init__(self, gate: "Gate", path: Path) -> None:
        self._gate = gate
        self._path = str(path)
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._waiting: deque[_Waiter] = deque()
        self._group: list[_Waiter] = []
        self._number = 0
        self._again = False
        self._scheduled = False
        self._task: asyncio.Task[None] | None = None

    def accept(self, request: Request, endpoint: Endpoint, entry: AsyncEntry) -> None:
        """Answer the request once control keeps it. Raises ApiError."""
        kept = submission(request, endpoint, entry)
        self._gate.hold_whole(request, _UNIT + request.size)
        waiter = _Waiter(request, kept, self._gate.now)
        request.waiter = waiter
        self._waiting.append(waiter)
        if not self._scheduled:
            self._scheduled = True
            self._gate.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._transport is None:
            self._connect()
        elif not self._group:
            self._send_next()

    # -- groups

    def _send_next(self) -> None:
        group: list[_Waiter] = []
        room = _MOST_BYTES_IN_GROUP
        while self._waiting and len(group) < _MOST_IN_GROUP and room > 0:
            waiter = self._waiting.popleft()
            if not waiter.gone:
                group.append(waiter)
                room -= _UNIT + waiter.request.size
        if group:
            self._group, self._again = group, False
            self._number += 1
            self._send()

    def _send(self) -> None:
        message = {
            "group": self._number,
            "again": self._again,
            "requests": [_row(waiter.kept) for waiter in self._group],
        }
        if self._transport is not None:
            self._transport.write(json.dumps(message).encode() + b"\n")

    def _acknowledged(self, message: dict[str, Any]) -> None:
        if message.get("group") != self._number or not self._group:
            return
        group, self._group = self._group, []
        refused = message.get("refused") or {}
        for waiter in group:
            why = refused.get(waiter.kept.id)
            if why is None:
                self._accepted(waiter)
            else:
                self._refuse(waiter, ValidationError(why))
        if self._waiting:
            self._send_next()

    def _accepted(self, waiter: _Waiter) -> None:
        gate = self._gate
        if not waiter.gone:
            data = answer(waiter.kept, gate.stamp, gate.next_number())
            waiter.request.connection.answer(waiter.request, data)

    def _refuse(self, waiter: _Waiter, error: ValidationError | ServiceUnavailable) -> None:
        if not waiter.gone:
            waiter.gone = True
            self._gate.answer_error(waiter.request, error)

    def sweep(self) -> None:
        """Tell clients that waited too long; called about twice a second."""
        oldest = self._gate.now - PATIENCE_S
        text = (
            "Requests cannot be accepted just now: the platform's control process does not "
            "answer. Try again in a moment."
        )
        for waiter in (*self._group, *self._waiting):
            if waiter.since < oldest:
                self._refuse(waiter, ServiceUnavailable(text))
        while self._waiting and self._waiting[0].gone:
            self._waiting.popleft()
        if self._group and all(waiter.gone for waiter in self._group):
            self._group = []  # nobody waits for it: begin anew
            if self._transport is not None:
                self._transport.abort()

    # -- the connection

    def _connect(self) -> None:
        if self._task is None and self._transport is None:
            self._task = self._gate.loop.create_task(self._connecting())

    async def _connecting(self) -> None:
        try:
            await self._gate.loop.create_unix_connection(lambda: self, self._path)
        except OSError:
            if self._group or self._waiting:
                self._gate.loop.call_later(_RETRY_S, self._connect)
        finally:
            self._task = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rest = b""
        if any(not waiter.gone for waiter in self._group):
            self._again = True
            self._send()
        else:
            self._group = []
            self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._group or self._waiting:
            self._connect()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                self._acknowledged(json.loads(line))
            except ValueError:
                log.error("control sent a line that is not JSON")


def _row(kept: Submission) -> list[Any]:
    body = None if kept.body is None else base64.b64encode(kept.body).decode("ascii")
    return [kept.queue, kept.id, kept.ttl_s, kept.document, body]
