"""A control API served to a real boto3 client, without edge, supervisor or signatures.

    with ApiServer(tmp_path) as server:
        sagemaker = server.client("sagemaker")

The ASGI app runs under uvicorn in a thread on a loopback port. What the edge would add, the
`x-argosy-*` headers, is added here from the credential scope; signatures are not checked.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config

from argosy.api.app import App
from argosy.api.beside import Beside
from argosy.api.handlers import import_handlers
from argosy.api.internal import Internal
from argosy.ground.clock import Clock, SystemClock
from argosy.ground.functions import Functions, NoFunctions
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION, iam_arn, new_request_id
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore
from argosy.telemetry.tracing import Tracing
from tests.support.apps import dispatch

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class ApiServer:
    """Serves one App over a fresh database below `tmp_path` until closed.

    `records`, `metrics`, `settings` and `clock` are the very objects the handlers get; `url`
    takes raw HTTP (add an Authorization header whose scope names the service).
    """

    def __init__(
        self,
        tmp_path: Path,
        clock: Clock | None = None,
        settings: Settings | None = None,
        internal: Mapping[str, Internal] | None = None,
        account: str = DEFAULT_ACCOUNT,
        tracing: Tracing | None = None,
        functions: Functions | None = None,
    ) -> None:
        import_handlers()
        self.clock = clock or SystemClock()
        self.settings = settings or Settings(data_dir=str(tmp_path))
        self._engine = open_database(tmp_path / "api.db")
        self.records = Records(self._engine)
        self.messaging = Messaging(self.records, self.clock)
        self.metrics = MetricStore(self.records.transactions, self.clock)
        handlers = dispatch(
            self.records,
            self.settings,
            self.clock,
            messaging=self.messaging,
            metrics=self.metrics,
            functions=functions or NoFunctions(),
        )
        app = App(handlers, Beside(internal=internal or {}), tracing)
        self._clients: list[Any] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        # asyncio sets it only on sockets made with proto=IPPROTO_TCP; without it every answer
        # of two writes waits 40 ms for the client's delayed ACK.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._serve(like_an_edge(app, account))

    def client(self, name: str, region: str = DEFAULT_REGION, **options: Any) -> Any:
        """A boto3 client of that service, without retries and without client-side validation
        when `parameter_validation=False` is given."""
        config = Config(
            retries={"max_attempts": 0},
            connect_timeout=5,
            read_timeout=20,
            s3={"addressing_style": "path"},
            **options,
        )
        client = boto3.session.Session().client(
            name,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-checked",
            config=config,
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        self._engine.dispose()

    def __enter__(self) -> "ApiServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, app: Asgi) -> None:
        config = uvicorn.Config(
            app, loop="asyncio", lifespan="off", access_log=False, log_level="error", ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="api-server", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # The socket listens already: a client that comes early waits in its backlog.
        asyncio.run(self._server.serve(sockets=[self._socket]))


def like_an_edge(app: Asgi, account: str = DEFAULT_ACCOUNT) -> Asgi:
    """The app behind a stand-in for the edge: adds x-argosy-* from the credential scope."""

    async def edge(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": scope["headers"] + _identity(scope["headers"], account)}
        await app(scope, receive, send)

    return edge


def _identity(headers: list[tuple[bytes, bytes]], account: str) -> list[tuple[bytes, bytes]]:
    authorization = dict(headers).get(b"authorization", b"").decode("latin-1")
    _, found, rest = authorization.partition("Credential=")
    if not found:
        return [(b"x-argosy-request-id", new_request_id().encode())]
    region, service = rest.split(",")[0].split("/")[2:4]
    added = {
        "account": account,
        "region": region,
        "service": service,
        "arn": iam_arn(account, "root"),
        "user-id": account,
        "request-id": new_request_id(),
    }
    return [(b"x-argosy-" + name.encode(), value.encode()) for name, value in added.items()]
