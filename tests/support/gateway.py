"""A gateway without a platform: a database, an engine that runs nothing, and no sockets."""

import asyncio
import functools
import json
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from argosy import wire
from argosy.api.handlers import import_handlers
from argosy.automation.gateway.whole import Gateway
from argosy.ground.clock import ManualClock
from argosy.ground.doors import DoorAnswer, DoorRequest, Signer
from argosy.ground.paths import DataDir
from argosy.means import Means
from argosy.services import registry
from argosy.services.registry import Call, Caller
from argosy.state import functions
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.lambda_functions import ROLE, FakeFunctions
from tests.support.means import means_over

ACCOUNT = "000000000000"
REGION = "us-east-1"
T = TypeVar("T")
OWNER = Signer(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, REGION)


@dataclass(frozen=True)
class Reply:
    """What a client got."""

    answer: DoorAnswer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def json(self) -> Any:
        return json.loads(self.answer.body)

    @property
    def text(self) -> str:
        return self.answer.body.decode()

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.answer.headers if k.lower() == name.lower()), None)

    def headers(self, name: str) -> list[str]:
        return [v for k, v in self.answer.headers if k.lower() == name.lower()]


@dataclass
class GatewayStage:
    """Calls of API Gateway's operations, and requests to what they make."""

    means: Means
    engine: FakeFunctions
    gateway: Gateway
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """On the one loop of this stage."""
        return self.runner.run(work)

    def call(self, operation: str, /, service: str = "apigateway", **members: Any) -> Any:
        """An operation, validated as if it had come from a client, and fit to be sent."""
        wire.validate(wire.load(service), operation, members)
        handler = registry.find(service, operation)
        assert handler is not None, operation
        means = self.means
        result = handler(
            Call(
                service=service,
                operation=operation,
                input=members,
                caller=Caller(ACCOUNT, REGION, OWNER.arn, ACCOUNT),
                request_id="r",
                records=means.records,
                settings=means.settings,
                clock=means.clock,
                messaging=means.messaging,
                metrics=means.metrics,
                host="localhost:9000",
            )
        )
        assert isinstance(result, dict)
        wire.serialize(wire.load(service), operation, result, "r")
        return result

    def function(self, name: str, permitted: bool = True) -> str:
        """A function's record, and perhaps permission for every API; returns its ARN."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        config = {
            "code": "",
            "layers": [],
            "Timeout": 3,
            "MemorySize": 128,
            "EphemeralStorage": {"Size": 512},
            "Role": ROLE,
            "LoggingConfig": {"LogGroup": f"/aws/lambda/{name}", "LogFormat": "Text"},
            "TracingConfig": {"Mode": "PassThrough"},
            "State": "Active",
            "PackageType": "Zip",
        }
        document = {"runs": "1", "config": config}
        self.means.records.create(
            functions.FUNCTION, ACCOUNT, REGION, name, document, now=self.means.clock.now()
        )
        if permitted:
            self.permit(name)
        return arn

    def permit(self, name: str, source: str = "arn:aws:execute-api:*:*:*") -> None:
        """Let APIs like `source` call the function."""
        statement = {
            "Sid": "s",
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        }
        self.means.records.create(
            functions.POLICY,
            ACCOUNT,
            REGION,
            name,
            {"statements": [statement]},
            now=self.means.clock.now(),
        )

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        *,
        query: str = "",
        signer: Signer | None = None,
        **headers: str,
    ) -> Reply:
        """A request; `_` in names of headers stands for `-`."""
        return self.run(self.asked(method, path, body, query=query, signer=signer, headers=headers))

    async def asked(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        *,
        query: str = "",
        signer: Signer | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """The same, for who is in a loop already."""
        given = {"host": "localhost:9000", **(headers or {})}
        named = {name.replace("_", "-"): value for name, value in given.items()}
        request = DoorRequest(
            method=method,
            path=path,
            query=query,
            headers=tuple((name.lower(), value) for name, value in named.items()),
            written={name.lower(): name for name in named if name != name.lower()},
            body=body.encode() if isinstance(body, str) else body,
            signer=signer,
            request_id="request-1",
            source_ip="10.0.0.7",
        )
        return Reply(await self.gateway.answer(request))


@functools.cache
def _migrated() -> bytes:
    """A database at the newest revision: made once, as that takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        open_database(path).dispose()
        return path.read_bytes()


@contextmanager
def gateway_stage(folder: Path, **settings: Any) -> Iterator[GatewayStage]:
    """One on a database of its own."""
    import_handlers()
    data_dir = DataDir.at(folder)
    data_dir.create()
    (folder / "gateway.db").write_bytes(_migrated())
    database = open_database(folder / "gateway.db")
    try:
        clock = ManualClock(1_700_000_000)
        records = Records(database)
        means = means_over(records, folder, clock, **settings)
        engine = FakeFunctions()
        with asyncio.Runner() as runner:
            stage = GatewayStage(means, engine, Gateway(means, engine), runner)
            yield stage
            stage.run(stage.gateway.stop())
    finally:
        database.dispose()


def lambda_uri(arn: str) -> str:
    """How an integration names a function."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
