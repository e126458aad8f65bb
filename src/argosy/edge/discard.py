"""Where a body goes that nobody wants."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argosy.edge.connection import Connection

_MAX_DISCARD = 64 * 1024 * 1024


class Discard:
    """Takes the rest of a body that nobody wants, within bounds."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._left = _MAX_DISCARD

    def body(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._connection.close()

    def end(self) -> None:
        pass

    abandon = pause = resume = end
