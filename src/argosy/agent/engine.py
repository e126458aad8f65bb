"""A container engine (docker, podman) asked over its Unix socket, in the API of Docker.

Blocking, one connection a call. It refuses nothing and remembers nothing; what the engine answers
with an error is raised as a sentence. Source: Docker Engine API, which podman speaks too.
"""

import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

_CALL_S = 60.0
_STOP_MARGIN_S = 30.0
_PIECE = 64 * 1024
_FRAME = 8
"""Bytes before each piece of a log: which stream, three zeros, the piece's size."""


class EngineError(Exception):
    """The engine cannot or will not; the text is one sentence."""


class Engine:
    """The engine behind a socket's path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def has_image(self, name: str) -> bool:
        return self.image(name) is not None

    def image(self, name: str) -> dict[str, Any] | None:
        """What the engine says of an image, by name or id; None when it has none."""
        status, said = self._ask("GET", _image(name) + "/json", allowed=(404,))
        return None if status == 404 else dict(json.loads(said))

    def images(self, repository: str) -> list[str]:
        """The names, with tags, of all images in a repository."""
        query = {"filters": json.dumps({"reference": [repository]})}
        listed = json.loads(self._ask("GET", "/images/json", query)[1]) or []
        names = [str(name) for one in listed for name in one.get("RepoTags") or ()]
        return [name for name in names if name.startswith(f"{repository}:")]

    def load(self, archive: Iterable[bytes]) -> None:
        """Take images from an archive of `docker save`'s form, as long as it takes."""
        headers = {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
        with self._sent("POST", "/images/load", archive, headers, None) as answer:
            said = self._read(answer)
        _check_lines(said, "The image cannot be loaded")

    def untag(self, name: str) -> None:
        """Remove an image's name, and the image with its last one."""
        self._ask("DELETE", _image(name), allowed=(404, 409))

    def pull(self, name: str) -> None:
        """Fetch an image; takes as long as it takes. Raises EngineError."""
        name = name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"
        _, said = self._ask("POST", "/images/create", {"fromImage": name}, timeout_s=None)
        _check_lines(said, f"The image {name} cannot be pulled")

    def create(self, name: str, definition: dict[str, Any]) -> str:
        """A container that does not run yet; returns its id."""
        _, said = self._ask("POST", "/containers/create", {"name": name}, definition)
        return str(json.loads(said)["Id"])

    def labelled(self, label: str) -> dict[str, str]:
        """Name → id of all containers with a label, given as "name=value"."""
        query = {"all": "true", "filters": json.dumps({"label": [label]})}
        listed = json.loads(self._ask("GET", "/containers/json", query)[1]) or []
        return {one["Names"][0].removeprefix("/"): one["Id"] for one in listed}

    def start(self, container: str) -> None:
        self._ask("POST", f"/containers/{container}/start", allowed=(304,))

    def inspect(self, container: str) -> dict[str, Any]:
        return dict(json.loads(self._ask("GET", f"/containers/{container}/json")[1]))

    def stop(self, container: str, grace_s: int) -> None:
        """SIGTERM, and SIGKILL that much later; returns when it has ended."""
        query, limit = {"t": str(grace_s)}, grace_s + _STOP_MARGIN_S
        path = f"/containers/{container}/stop"
        self._ask("POST", path, query, allowed=(304, 404), timeout_s=limit)

    def signal(self, container: str, name: str) -> None:
        """Send a signal, e.g. "SIGTERM", to its program."""
        path = f"/containers/{container}/kill"
        self._ask("POST", path, {"signal": name}, allowed=(404, 409))

    def remove(self, container: str) -> None:
        """End it at once, and leave nothing of it."""
        self._ask("POST", f"/containers/{container}/kill", allowed=(404, 409, 500))
        query = {"force": "true", "v": "true"}
        self._ask("DELETE", f"/containers/{container}", query, allowed=(404,))

    def wait(self, container: str) -> int:
        """Its exit status, once it has ended."""
        _, said = self._ask("POST", f"/containers/{container}/wait", timeout_s=None)
        return int(json.loads(said)["StatusCode"])

    def logs(self, container: str) -> Iterator[bytes]:
        """What it prints, from its start to its end."""
        query = urlencode({"follow": "true", "stdout": "true", "stderr": "true"})
        yield from _printed(self._send("GET", f"/containers/{container}/logs?{query}", None, None))

    def attach(self, container: str) -> Iterator[bytes]:
        """The same as it comes, though the engine keeps no log; asked for before its start.

        To be read to its end.
        """
        path = f"/containers/{container}/attach?stream=true&stdout=true&stderr=true"
        answer = self._send("POST", path, None, None)
        if answer.status >= 400:
            with answer:
                raise EngineError(f"The container engine refuses: {_message(answer.read())}.")
        return _printed(answer)

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        *,
        allowed: tuple[int, ...] = (),
        timeout_s: float | None = _CALL_S,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is good or `allowed`. Raises EngineError."""
        path = f"{path}?{urlencode(query)}" if query else path
        with self._send(method, path, body, timeout_s) as answer:
            said = self._read(answer, allowed)
        return answer.status, said

    def _read(self, answer: http.client.HTTPResponse, allowed: tuple[int, ...] = ()) -> bytes:
        try:
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._away(error) from None
        if answer.status >= 400 and answer.status not in allowed:
            raise EngineError(f"The container engine refuses: {_message(said)}.")
        return said

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, timeout_s: float | None
    ) -> http.client.HTTPResponse:
        sent = None if body is None else json.dumps(body).encode()
        return self._sent(method, path, sent, {"Content-Type": "application/json"}, timeout_s)

    def _sent(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: dict[str, str],
        timeout_s: float | None,
    ) -> http.client.HTTPResponse:
        connection = _Connection(self._path, timeout_s)
        headers = {**headers, "Connection": "close"}
        chunked = "Transfer-Encoding" in headers
        try:
            connection.request(method, path, body, headers, encode_chunked=chunked)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._away(error) from None

    def _away(self, error: Exception) -> EngineError:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return EngineError(f"The container engine at {self._path} does not answer: {why}.")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float | None) -> None:
        super().__init__("localhost")
        self._path = path
        self._limit = timeout_s

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self._limit)
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


def _image(name: str) -> str:
    return f"/images/{quote(name, safe='/:@')}"


def _printed(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    with answer:
        while len(head := answer.read(_FRAME)) == _FRAME:
            left = int.from_bytes(head[4:], "big")
            while left > 0 and (data := answer.read(min(left, _PIECE))):
                left -= len(data)
                yield data


def _check_lines(said: bytes, what: str) -> None:
    """Raises EngineError for the first line that tells of an error, though the status was good."""
    for line in said.splitlines():
        error = json.loads(line).get("error") if line.strip() else None
        if error:
            raise EngineError(f"{what}: {error}.")


def _message(said: bytes) -> str:
    try:
        return str(json.loads(said)["message"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return said.decode("utf-8", "replace").strip()[:500]
