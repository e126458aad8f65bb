"""Requests for variants that have no instance yet: they wait here while one starts.

A variant that may run with no instance (its scalable target has MinCapacity 0) holds no memory
between requests; the first ones for it wait, in the order they came, within bounds of number, bytes
and time, and control is told at once that somebody waits. Holding starts nothing itself, and it
refuses to hold for a variant that ought to have an instance: that one is broken, and says so.
"""

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from argosy.access.errors import AuthError
from argosy.edge import texts
from argosy.edge.request import Request
from argosy.edge.table import Endpoint, Variant
from argosy.ground.errors import ApiError, ModelNotReadyException, ServiceUnavailable

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

_UNIT = 2048
"""Bytes that a request takes here besides its body, about."""
_BUSY_S = 0.02

Waiting = dict[str, Any]
"""{"endpoint": key, "variant": name, "waiting": how many requests}."""


class Held:
    """A request that waits for an instance; the `waiter` of its request."""

    __slots__ = ("asked", "container", "head", "key", "line", "request", "target", "variant")

    def __init__(
        self,
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        asked: int,
        head: bytes,
        target: bytes,
    ) -> None:
        self.request = request
        self.key = endpoint.key
        self.variant = variant.name
        self.container = variant.container
        self.asked = asked
        """The kind of frame: an answer, or a stream of them."""
        self.head = head
        self.target = target
        """TargetModel, b"" without."""
        self.line: dict[Held, None] = {}

    def leave(self) -> None:
        """Wait no longer."""
        self.line.pop(self, None)
        self.request.waiter = None

    abandon = leave


class Holding:
    """The lines of one edge, one for each variant that is waited for."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._most = gate.settings.hold_requests
        self._seconds = gate.settings.hold_timeout_s
        self._lines: dict[tuple[str, str], dict[Held, None]] = {}
        self._again = False
        self.on_wanting: Callable[[], None] = lambda: None
        """Replaced by the feed, which tells control."""

    def takes(self, variant: Variant) -> bool:
        """Whether a request for a variant may wait: it has no instance, and need not have one."""
        waited_for = (variant.endpoint_key, variant.name) in self._lines
        return (variant.hold or waited_for) and not variant.is_there()

    def hold(self, held: Held) -> None:
        """Let it wait. Raises ServiceUnavailable when enough wait, and ModelNotReadyException
        when it has waited for too long already."""
        request, name = held.request, (held.key, held.variant)
        if perf_counter() >= request.begun + self._seconds:
            raise self._too_late(held)
        line = self._lines.get(name, {})
        if len(line) >= self._most:
            raise ServiceUnavailable(texts.too_many_wait(_name(held.key), held.variant))
        self._gate.hold_whole(request, _UNIT + request.size)
        held.line = line
        line[held] = None
        request.waiter = held
        if name not in self._lines:
            self._lines[name] = line
            self.on_wanting()

    def wanting(self) -> list[Waiting]:
        """Which variants are waited for, as control is told."""
        return [
            {"endpoint": key, "variant": variant, "waiting": len(line)}
            for (key, variant), line in self._lines.items()
            if line
        ]

    def look(self) -> None:
        """There is a new table, or an instance is connected: send on who can go."""
        if not self._lines:
            return
        for name, line in tuple(self._lines.items()):
            while line and self._settle(next(iter(line))):
                pass
            if not line and self._lines.get(name) is line:
                del self._lines[name]
        self._look_again()

    def _settle(self, held: Held) -> bool:
        """Send it on, or answer it; False while it has to wait."""
        try:
            if not self._gate.invoker.resume(held):
                return False
        except (ApiError, AuthError) as error:
            self._gate.answer_error(held.request, error)
        except Exception:
            self._gate.stumbled(held.request)
        held.line.pop(held, None)
        return True

    def _look_again(self) -> None:
        """Instances that are there but full: look again in a moment."""
        full = any(self._is_there(*name) for name in self._lines)
        if full and not self._again:
            self._again = True
            self._gate.loop.call_later(_BUSY_S, self._after_a_moment)

    def _after_a_moment(self) -> None:
        self._again = False
        self.look()

    def _is_there(self, key: str, name: str) -> bool:
        endpoint = self._gate.table.endpoints.get(key)
        variant = None if endpoint is None else endpoint.by_name.get(name)
        return variant is not None and variant.is_there()

    def sweep(self, now: float) -> None:
        """Answer those whose time is over; `now` is perf_counter()."""
        if not self._lines:
            return
        for name, line in tuple(self._lines.items()):
            for held in tuple(line):
                if now < held.request.begun + self._seconds:
                    break
                held.leave()
                self._gate.answer_error(held.request, self._too_late(held))
            if not line:
                del self._lines[name]

    def _too_late(self, held: Held) -> ApiError:
        text = texts.none_started(_name(held.key), held.variant, self._seconds)
        return ModelNotReadyException(text)


def _name(key: str) -> str:
    return key.split("/", 2)[2]
