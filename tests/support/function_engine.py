"""An engine of functions by itself, without a platform: made, asked and ended.

    with Engine(tmp_path) as engine:
        engine.answer(engine.version("def handler(event, context): return event"), {"a": 1})

It runs on a loop of its own, in a thread that lives as long as it does.
"""

import asyncio
import hashlib
import json
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.automation.functions.environment import Environment
from argosy.automation.functions.whole import FunctionEngine
from argosy.ground.clock import SystemClock
from argosy.ground.functions import FunctionVersion, Invoked
from argosy.ground.instances import StoreAccess
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.means import Means
from argosy.messaging import Messaging
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry.logs import LogReader
from argosy.telemetry.metrics import MetricStore

ACCOUNT, REGION = "000000000000", "us-east-1"
PATIENCE_S = 120.0

T = TypeVar("T")


class Engine:
    """`engine.engine` is the FunctionEngine; its methods are for the loop (`run`)."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.data_dir = DataDir.at(folder)
        self.data_dir.create()
        self._database = open_database(self.data_dir.database)
        self.records, clock = Records(self._database), SystemClock()
        self.metrics = MetricStore(self.records.transactions, clock)
        self.settings = Settings(data_dir=str(folder), **settings)
        self.means = Means(
            self.records,
            self.settings,
            self.data_dir,
            clock,
            StoreAccess(url="", region=REGION, access_key_id="", secret_access_key=""),
            Messaging(self.records, clock),
            self.metrics,
            sessions=RoleSessions(self.records, clock, RootKey("AKIAROOT", "secret")),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine")
        self._engine: FunctionEngine | None = None

    @property
    def engine(self) -> FunctionEngine:
        assert self._engine is not None
        return self._engine

    def __enter__(self) -> "Engine":
        self._thread.start()
        self._engine = self.run(self._made())
        self.run(self._engine.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.engine.stop())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()
        self._database.dispose()

    async def _made(self) -> FunctionEngine:
        return FunctionEngine(self.means)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, on the engine's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def code(self, **files: str) -> str:
        """The digest of a tree with these files (a__py for a.py), unpacked."""
        digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()
        tree = self.data_dir.function_code(digest)
        tree.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = tree / name.replace("___", "/").replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return digest

    def version(self, handler: str, name: str = "", **members: Any) -> FunctionVersion:
        """A function whose module is this text."""
        digest = self.code(app__py=handler)
        named = name or f"function-{digest[:8]}"
        given = {
            "name": named,
            "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{named}",
            "code_sha256": digest,
            "handler": "app.handler",
            "runtime": "python3.12",
            "revision": digest,
            "timeout_s": 60,
            "role": f"arn:aws:iam::{ACCOUNT}:role/worker",
            **members,
        }
        return FunctionVersion(account=ACCOUNT, region=REGION, **given)

    def invoke(self, version: FunctionVersion, event: Any = None, **options: Any) -> Invoked:
        return self.run(self.engine.invoke(version, json.dumps(event).encode(), **options))

    def answer(self, version: FunctionVersion, event: Any = None, **options: Any) -> Any:
        """What the handler returned, or the JSON about its error."""
        return json.loads(self.invoke(version, event, **options).payload)

    def environments(self, version: FunctionVersion) -> list[Environment]:
        """Those of this version, whatever its revision."""

        async def there() -> list[Environment]:
            return [one for one in self.engine._pool if one.version.arn == version.arn]

        return self.run(there())

    def log(self, version: FunctionVersion) -> list[str]:
        """All lines of the function's log, stream by stream."""
        group = f"/aws/lambda/{version.name}"
        reader = LogReader(self.data_dir.logs, ACCOUNT, REGION)
        lines: list[str] = []
        if group not in reader.group_names():
            return []
        for stream in reader.stream_names(group):
            position: int | None = None
            while True:
                events, after, _ = reader.read(group, stream, position)
                lines += [event.message for event in events]
                if not events or after == position:
                    break
                position = after
        return lines
