"""Copies of requests for a shadow variant: sent after the original, answered to nobody.

The caller never notices. A copy leaves in the turn after the request itself, it is not sent again
when its instance dies, and it is left out when the shadow is away, has enough to do, does not read
what it is sent, or when the copies of this edge take enough memory. What is left out is counted as
`shadow_dropped` of the shadow.
"""

import logging
from random import random
from typing import TYPE_CHECKING, Any, cast

from argosy.edge.captured import invocation_of
from argosy.edge.fleet import variants_of
from argosy.edge.request import Request
from argosy.edge.table import Endpoint, Table, Variant

if TYPE_CHECKING:
    from argosy.edge.connection import Connection
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

_UNIT = 2048
"""Bytes that a copy takes besides its body, about."""
_MOST_UNSENT = 4 * 1024 * 1024
_MIB = 1024 * 1024


class _Nobody:
    """In the place of the client's connection: takes an answer and drops it."""

    __slots__ = ("_held", "_shadows")

    def __init__(self, shadows: "Shadows", held: int) -> None:
        self._shadows = shadows
        self._held = held

    def answer(self, request: Request, data: bytes) -> None:
        """The copy has come to its end, whatever that is."""
        self._shadows.held -= self._held
        self._held = 0

    def write(self, request: Request, data: bytes) -> None:
        """A piece of an answer."""


class Shadows:
    """All copies of one edge."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._most = gate.settings.shadow_in_flight
        self._limit = gate.settings.shadow_buffer_mb * _MIB
        self.held = 0
        """Bytes of copies that are not answered yet."""

    def take(self, table: Table) -> None:
        """What a shadow of this table answers must not fill the memory before it is dropped."""
        for variant in variants_of(table):
            for link in () if variant.shadow is None else variant.shadow.every_link():
                link.largest = 2 * self._gate.max_payload + _MIB

    def copy(
        self,
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        asked: int,
        head: bytes,
        target: bytes,
    ) -> None:
        """A request for the variant is on its way: send its shadow a copy, if it is to have one."""
        shadow = variant.shadow
        if shadow is None or (variant.copied < 1.0 and random() >= variant.copied):
            return
        size = _UNIT + request.size
        if self.held + size > self._limit or not self._takes(shadow, target):
            shadow.counters.shadow_dropped += 1
            return
        self.held += size
        copied = _copy_of(request, _Nobody(self, size))
        self._gate.loop.call_soon(self._start, copied, endpoint, shadow, asked, head, target)

    def _takes(self, shadow: Variant, target: bytes) -> bool:
        if shadow.wants_model and not target:
            return False
        links = list(shadow.every_link())
        if shadow.counters.in_flight >= self._most * len(shadow.links):
            return False
        return all(link.unsent <= _MOST_UNSENT for link in links)

    def _start(
        self,
        copied: Request,
        endpoint: Endpoint,
        shadow: Variant,
        asked: int,
        head: bytes,
        target: bytes,
    ) -> None:
        started = False
        try:
            call = invocation_of(self._gate, copied, endpoint, shadow, asked, head, target)
            started = call.start_anywhere()
            call.again = True  # when its instance dies it is not sent to another one
        except Exception:
            log.exception("a copy for shadow variant %s could not be sent", shadow.name)
        if not started:
            shadow.counters.shadow_dropped += 1
            copied.connection.answer(copied, b"")


def _copy_of(request: Request, nobody: Any) -> Request:
    copied = Request(
        cast("Connection", nobody),
        request.method,
        request.target,
        request.shape,
        request.values,
        request.keep_alive,
    )
    copied.parts, copied.size, copied.complete = request.parts, request.size, True
    copied.route = request.route
    return copied
