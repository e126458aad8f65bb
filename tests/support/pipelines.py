"""A pipeline's executions, carried on when a test says so, over the real operations.

Jobs do not run: a test says what becomes of them.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from argosy.api.handlers import import_handlers
from argosy.api.operations import OperationsInside
from argosy.control.means import Means
from argosy.control.pipelines.reconciler import PipelineReconciler
from argosy.ground.clock import ManualClock
from argosy.ground.errors import ApiError
from argosy.ground.instances import StoreAccess
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.ground.operations import Asker
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state import pipelines as state
from argosy.state.database import open_database
from argosy.state.events import EventOutbox
from argosy.state.records import Record, Records
from argosy.telemetry.metrics import MetricStore
from tests.support.apps import dispatch

ROLE = "arn:aws:iam::000000000000:role/Pipes"
ME = Asker(DEFAULT_ACCOUNT, DEFAULT_REGION, "arn:aws:iam::000000000000:root")

Answering = Callable[[dict[str, Any]], Any]


class PipelineScene:
    """`answers`: "lambda:Invoke" → what answers in place of the platform's own."""

    def __init__(self, folder: Path, store: StoreAccess | None = None) -> None:
        import_handlers()
        self.clock = ManualClock()
        self.engine = open_database(folder / "a.db")
        self.records = Records(self.engine)
        self.settings = Settings(data_dir=str(folder))
        self.dispatch = dispatch(self.records, self.settings, self.clock)
        self.answers: dict[str, Answering] = {}
        self.asked: list[tuple[str, Asker]] = []
        self._store = store

    def close(self) -> None:
        self.engine.dispose()

    def ask(self, operation: str, service: str = "sagemaker", **members: Any) -> dict[str, Any]:
        """What a client would be answered."""

        async def ask() -> dict[str, Any]:
            return await self._inside().call(service, operation, members, ME)

        return asyncio.run(ask())

    def start(self, *steps: Any, parallel: int | None = None, **parameters: str) -> str:
        """The execution's ARN. The pipeline is made, or gets these steps."""
        known = [{"Name": name, "Type": "String"} for name in parameters]
        document = {"Version": "2020-12-01", "Parameters": known, "Steps": list(steps)}
        asked = {
            "PipelineName": "Pipe",
            "PipelineDefinition": json.dumps(document),
            "RoleArn": ROLE,
        }
        if self.records.find(state.PIPELINE):
            self.ask("UpdatePipeline", **asked)
        else:
            self.ask("CreatePipeline", ClientRequestToken="t" * 32, **asked)
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        token = f"{len(self.records.find(state.EXECUTION)):032d}"
        started = self.ask(
            "StartPipelineExecution",
            PipelineName="Pipe",
            PipelineParameters=given,
            ClientRequestToken=token,
            **({"ParallelismConfiguration": {"MaxParallelExecutionSteps": parallel}})
            if parallel
            else {},
        )
        return str(started["PipelineExecutionArn"])

    def carry_on(self, passes: int = 1) -> None:
        """As a control that has just started does."""

        async def carry_on() -> None:
            rung = asyncio.Event()
            reconciler = PipelineReconciler(self._means(), rung.set)
            for _ in range(passes):
                await reconciler.activate()
                await asyncio.sleep(0)
            await reconciler.stop()

        asyncio.run(carry_on())

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        listed = self.ask("ListPipelineExecutionSteps", PipelineExecutionArn=arn)
        return {one["StepName"]: one for one in listed["PipelineExecutionSteps"]}

    def statuses(self, arn: str) -> dict[str, str]:
        return {name: one["StepStatus"] for name, one in self.steps(arn).items()}

    def execution(self, arn: str) -> dict[str, Any]:
        return self.ask("DescribePipelineExecution", PipelineExecutionArn=arn)

    def end_job(self, kind: str, status: str, reason: str = "") -> Record:
        """What becomes of the newest job of a kind."""
        record = self.records.find(kind)[-1]
        document = {**record.document, "failure_reason": reason}
        now = self.clock.now()
        return self.records.update(record, now=now, document=document, status=status)

    def events(self) -> list[Any]:
        return EventOutbox(self.records.transactions).after(0, 1000)

    def _inside(self) -> "_Overridden":
        operations = OperationsInside()
        operations.open(self.dispatch)
        return _Overridden(operations, self.answers, self.asked)

    def _means(self) -> Means:
        nothing = cast(Any, None)
        return Means(
            records=self.records,
            backend=nothing,
            settings=self.settings,
            data_dir=nothing,
            clock=self.clock,
            store=cast(Any, self._store),
            messaging=Messaging(self.records, self.clock),
            metrics=MetricStore(self.records.transactions, self.clock),
            operations=self._inside(),
        )


class _Overridden:
    """Operations, some of which a test answers itself."""

    def __init__(
        self,
        operations: OperationsInside,
        answers: Mapping[str, Answering],
        asked: list[tuple[str, Asker]],
    ) -> None:
        self._operations, self._answers, self._asked = operations, answers, asked

    async def call(
        self, service: str, operation: str, members: dict[str, Any], asker: Asker
    ) -> dict[str, Any]:
        self._asked.append((f"{service}:{operation}", asker))
        own = self._answers.get(f"{service}:{operation}")
        if own is None:
            return await self._operations.call(service, operation, members, asker)
        answer = own(members)
        if isinstance(answer, ApiError):
            raise answer
        return cast(dict[str, Any], answer)
