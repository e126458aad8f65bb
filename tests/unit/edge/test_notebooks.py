"""How much of a body goes to JupyterLab when nobody has said how long it is."""

from types import SimpleNamespace
from typing import Any

import pytest

from argosy.edge import notebooks
from argosy.edge.notebooks import _SiteRelay
from argosy.ground.errors import RequestTooLong


class Upstream:
    """A connection that is there at once, and what was sent on it."""

    used = False

    def __init__(self) -> None:
        self.sent = b""
        self.aborted = False

    def serve(self, user: Any, **how: Any) -> None:
        user.connected(self)

    def write(self, data: bytes) -> None:
        self.sent += data

    def writelines(self, parts: list[bytes]) -> None:
        self.sent += b"".join(parts)

    def abort(self) -> None:
        self.aborted = True


def test_a_body_in_chunks_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "MAX_BODY", 10)
    upstream, errors = Upstream(), []
    headers = {"transfer-encoding": b"chunked"}
    request: Any = SimpleNamespace(method=b"PUT", header=headers.get, complete=False)
    request.connection = SimpleNamespace(
        current=request, hold=lambda reason: None, release=lambda reason: None
    )
    gate: Any = SimpleNamespace(
        go_on=lambda request: None, answer_error=lambda request, error: errors.append(error)
    )
    relay = _SiteRelay(gate, request, upstream, [b"PUT / HTTP/1.1\r\n"])  # type: ignore[arg-type]
    relay.users = {relay}
    relay.start()

    for _ in range(4):
        relay.body(b"four")
    relay.end()

    assert upstream.sent.endswith(b"\r\n\r\n4\r\nfour\r\n4\r\nfour\r\n")
    assert upstream.aborted
    assert [type(error) for error in errors] == [RequestTooLong]
    assert relay.users == set()
