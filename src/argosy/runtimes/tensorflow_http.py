"""TF Serving's REST API on loopback, for scripts that post to `context.rest_uri`.

Listens on 127.0.0.1 only, on a port of the system's choosing. Other processes of the machine may
be able to reach that port, so the address holds a secret and everything else is 404. Offers the
predict call and a model's status; no gRPC.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from argosy.runtimes.answers import Fault
from argosy.runtimes.tensorflow_servables import Servables, check_method, predict

_MODEL = re.compile(r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?(:(?P<method>\w+))?")


class Loopback:
    """A server in a daemon thread; it lives as long as the process."""

    def __init__(self, servables: Servables) -> None:
        self._servables = servables
        self._secret = "/" + secrets.token_urlsafe(16)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def uri(self, name: str, version: str, method: str) -> str:
        """The address of a model's method, as the container makes it."""
        versions = f"/versions/{version}" if version else ""
        port = self._server.server_port
        model = name or self._servables.default
        return f"http://127.0.0.1:{port}{self._secret}/v1/models/{model}{versions}:{method}"

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON of a predict call."""
        try:
            found = self._found(path)
            check_method(found["method"] or "none")
            signatures = self._servables.find(found["name"], found["version"] or "")
            return 200, predict(signatures, _object(body))
        except Exception as error:
            return failed(error)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and JSON of a model's status."""
        try:
            found = self._found(path)
            versions = self._servables.versions(found["name"])
        except Fault as error:
            return failed(error)
        states = [
            {"version": str(version), "state": "AVAILABLE", "status": {"error_code": "OK"}}
            for version in versions
            if found["version"] in (None, str(version))
        ]
        return 200, json.dumps({"model_version_status": states}).encode()

    def _found(self, path: str) -> dict[str, str]:
        before, given, after = path.partition(self._secret)
        found = _MODEL.fullmatch(unquote(after)) if given and not before else None
        if found is None:
            raise Fault(404, "there is nothing at this address")
        return found.groupdict()


def failed(error: Exception) -> tuple[int, bytes]:
    """Status and JSON of an error, in TF Serving's form."""
    status = error.status_code if isinstance(error, Fault) else 500
    return status, json.dumps({"error": str(error)}).encode()


def _object(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Fault(400, f"JSON Parse error: {error}") from None
    if not isinstance(request, dict):
        raise Fault(400, 'the request must be an object with "instances" or "inputs"')
    return request


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._answer(*loopback.post(self.path, self.rfile.read(length)))

        def do_GET(self) -> None:
            self._answer(*loopback.get(self.path))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Calls of the model's own script are not worth a line each."""

    return Handler
