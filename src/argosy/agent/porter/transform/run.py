"""One run: mini-batches to the model, several at once, their answers in order to the output."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from argosy.agent.porter.transform import parquet
from argosy.agent.porter.transform.batch import Batch, Body, Buffer, joined
from argosy.agent.porter.transform.caller import Answer
from argosy.agent.porter.transform.failures import CannotTransform, GivenUp
from argosy.agent.porter.transform.output import Output, Writing
from argosy.agent.porter.transform.plan import Plan
from argosy.agent.porter.transform.reports import Reports
from argosy.agent.porter.transform.slots import Invocation, Slots
from argosy.objects.client import ObjectStore

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Tools:
    """What the runs of an instance share."""

    plan: Plan
    store: ObjectStore
    slots: Slots
    permits: threading.Semaphore
    """One for each mini-batch that is held, on its way or answered."""


@dataclass
class _Open:
    """A mini-batch that the model has, or has answered."""

    batch: Batch
    records: list[bytes]
    invocation: Invocation


class Run:
    """Carries out one "run" task."""

    def __init__(
        self, task: dict[str, Any], tools: Tools, reports: Reports, given_up: Callable[[], bool]
    ) -> None:
        self._task, self._tools, self._plan = task, tools, tools.plan
        self._broken = threading.Event()
        self._taken_back = given_up
        self._open: deque[_Open] = deque()
        self._reached = int(task["start"])
        pack = parquet.pack if self._plan.parquet_out else None
        writing = Writing(tools.store, self._plan.by_byte, pack)
        self._output = Output(task, writing, reports, self._given_up)
        self._output.content_type = self._plan.accept or "application/octet-stream"

    def _given_up(self) -> bool:
        return self._broken.is_set() or self._taken_back()

    def carry_out(self) -> None:
        """Returns when all of it is durable and reported.

        Raises CannotTransform, StoreError, GivenUp; nothing is left open then.
        """
        try:
            for batch in self._plan.batches(self._tools.store, self._task):
                self._hand_in(batch)
                while self._open and self._open[0].invocation.done.is_set():
                    self._collect()
            while self._open:
                self._collect()
            end = self._task.get("end")
            self._output.finish(self._last() if end is None else end)
        finally:
            self._broken.set()
            for _ in self._open:
                self._tools.permits.release()
            self._open.clear()

    def _last(self) -> int:
        """Where a run ends that goes to the object's end."""
        return max(self._reached, self._task["size"]) if self._plan.by_byte else self._reached

    def _hand_in(self, batch: Batch) -> None:
        """Have the model asked, as soon as few enough mini-batches are held."""
        with _numbered(batch):
            records, body = self._asked(batch)
        while not self._tools.permits.acquire(timeout=0 if self._open else _LOOK_EVERY_S):
            if self._given_up():
                raise GivenUp
            if self._open:
                self._collect()
        invocation = self._tools.slots.submit(self._plan.head, body, self._given_up)
        self._open.append(_Open(batch, records, invocation))

    def _asked(self, batch: Batch) -> tuple[list[bytes], Body]:
        processing = self._plan.processing
        if processing is None:
            return [], batch.body
        records = processing.records(joined(batch.body))
        return records, [processing.request(records)]

    def _collect(self) -> None:
        """Take the oldest answer into the output."""
        opened = self._open[0]
        batch = opened.batch
        with _numbered(batch):
            answer = opened.invocation.result()
            kept = self._kept(opened.records, answer)
        self._output.add(kept, len(opened.records) or batch.records, batch.size)
        self._open.popleft()
        self._tools.permits.release()
        self._learn_type(answer)
        if batch.resumable:
            self._reached = batch.end
            self._output.reached(batch.end)

    def _kept(self, records: list[bytes], answer: Answer) -> list[Buffer]:
        kept = answer.body
        if self._plan.processing is not None:
            content_type = answer.head.get("content-type", "")
            kept = self._plan.processing.result(records, b"".join(answer.body), content_type)
        if self._plan.joins_lines and not self._plan.parquet_out and not _ends_line(kept):
            kept = [*kept, b"\n"]
        return kept

    def _learn_type(self, answer: Answer) -> None:
        """Where nothing was asked for, the output is of the type that the model chose."""
        if not self._plan.accept and answer.head.get("content-type"):
            self._output.content_type = answer.head["content-type"]


def _ends_line(buffers: list[Buffer]) -> bool:
    last: Any = next((buffer for buffer in reversed(buffers) if len(buffer)), b"")
    return bytes(last[-1:]) == b"\n"


@contextmanager
def _numbered(batch: Batch) -> Iterator[None]:
    """Say in an error which records of the run it is about."""
    try:
        yield
    except CannotTransform as error:
        known = error.count > 0
        error.first = batch.first + (error.first if known else 0)
        error.count = error.count if known else batch.records
        error.start, error.end = batch.start, batch.end
        raise
