"""A container engine that needs none: Docker's API on a Unix socket, processes for containers.

It has what functions ask for. A container is a process of this machine with the variables and the
working folder that it was to have, and nothing around it.
"""

import hashlib
import http.server
import json
import os
import re
import socketserver
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Contained:
    """A container: what it was made of, and its process once it was started."""

    name: str
    definition: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None
    started: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        made = self.definition
        self.process = subprocess.Popen(
            [*made["Entrypoint"], *made["Cmd"]],
            cwd=made.get("WorkingDir") or "/",
            env=dict(one.split("=", 1) for one in made["Env"]),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.started.set()

    def end(self) -> None:
        self.started.set()
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class FakeEngine:
    """`images` by name, `containers` by id; both may be changed by tests."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "engine.sock"
        self.images: dict[str, dict[str, Any]] = {}
        self.containers: dict[str, Contained] = {}
        self.asked: list[str] = []
        """Method and path of every request."""
        self.pulled: list[str] = []
        self._server = _Server(str(self.socket), _Handler)
        self._server.engine = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "FakeEngine":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for container in list(self.containers.values()):
            container.end()
            if container.process is not None and container.process.stdout is not None:
                container.process.stdout.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.socket.unlink(missing_ok=True)

    def has(self, name: str, **config: Any) -> None:
        """Have an image with this configuration."""
        text = json.dumps(config).encode()
        identity = "sha256:" + hashlib.sha256(text).hexdigest()
        image = {"Id": identity, "Config": config, "RepoDigests": [f"x@sha256:{'d' * 64}"]}
        self.images |= {name: image, identity: image}

    @property
    def names(self) -> list[str]:
        return [one.name for one in list(self.containers.values())]


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    engine: FakeEngine


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    _ROUTES = (
        ("GET", r"/images/json", "list_images"),
        ("GET", r"/images/(.+)/json", "image"),
        ("POST", r"/images/create", "pull"),
        ("DELETE", r"/images/(.+)", "untag"),
        ("GET", r"/containers/json", "list_containers"),
        ("POST", r"/containers/create", "create"),
        ("POST", r"/containers/(.+)/attach", "attach"),
        ("POST", r"/containers/(.+)/start", "start"),
        ("GET", r"/containers/(.+)/json", "inspect"),
        ("POST", r"/containers/(.+)/wait", "wait"),
        ("POST", r"/containers/(.+)/kill", "kill"),
        ("DELETE", r"/containers/(.+)", "remove"),
    )

    def log_message(self, *words: Any) -> None:
        """Nothing."""

    def route(self) -> None:
        split = urlsplit(self.path)
        path, self.query = unquote(split.path), parse_qs(split.query)
        self.engine = self.server.engine
        self.engine.asked.append(f"{self.command} {path}")
        size = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(size)) if size else None
        for method, pattern, name in self._ROUTES:
            found = re.fullmatch(pattern, path)
            if method == self.command and found:
                getattr(self, name)(*found.groups())
                return
        self.say(404, {"message": f"no such path: {path}"})

    do_GET = do_POST = do_DELETE = route

    def say(self, status: int, body: Any = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    # -- images

    def image(self, name: str) -> None:
        found = self.engine.images.get(name)
        self.say(200, found) if found else self.say(404, {"message": "no such image"})

    def list_images(self) -> None:
        self.say(200, [{"RepoTags": [name]} for name in self.engine.images])

    def pull(self) -> None:
        self.engine.pulled += self.query["fromImage"]
        self.say(200, {"error": "denied"})

    def untag(self, name: str) -> None:
        self.say(200 if self.engine.images.pop(name, None) else 404)

    # -- containers

    def list_containers(self) -> None:
        (label,) = json.loads(self.query["filters"][0])["label"]
        name, _, value = label.partition("=")
        found = [
            {"Id": identity, "Names": [f"/{one.name}"]}
            for identity, one in self.engine.containers.items()
            if one.definition.get("Labels", {}).get(name) == value
        ]
        self.say(200, found)

    def create(self) -> None:
        (name,) = self.query["name"]
        identity = hashlib.sha256(name.encode()).hexdigest()
        self.engine.containers[identity] = Contained(name, self.body)
        self.say(201, {"Id": identity})

    def start(self, identity: str) -> None:
        try:
            self.engine.containers[identity].start()
        except OSError as error:
            self.say(500, {"message": f"cannot exec: {error}"})
        else:
            self.say(204)

    def attach(self, identity: str) -> None:
        container = self.engine.containers[identity]
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        container.started.wait()
        process = container.process
        if process is None or process.stdout is None:
            return
        with process.stdout:
            while data := os.read(process.stdout.fileno(), 65536):
                self.wfile.write(b"\1\0\0\0" + len(data).to_bytes(4, "big") + data)

    def inspect(self, identity: str) -> None:
        process = self.engine.containers[identity].process
        self.say(200, {"State": {"Pid": process.pid if process else 0}})

    def wait(self, identity: str) -> None:
        container = self.engine.containers.get(identity)
        if container is None or container.process is None:
            self.say(404, {"message": "no such container"})
        else:
            code = container.process.wait()
            self.say(200, {"StatusCode": code if code >= 0 else 128 - code})

    def kill(self, identity: str) -> None:
        container = self.engine.containers.get(identity)
        if container is not None:
            container.end()
        self.say(204 if container else 404)

    def remove(self, identity: str) -> None:
        container = self.engine.containers.pop(identity, None)
        if container is not None:
            container.end()
        self.say(204 if container else 404)
