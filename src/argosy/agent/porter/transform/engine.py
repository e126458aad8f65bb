"""Batch transform as a porter's work: takes tasks from control, carries them out, reports.

It refuses to decide what is done where and when, and how often a failure is tried again: control
keeps that book. A porter that is killed leaves nothing but pieces that were reported or are of no
use to anybody.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from argosy.agent.porter.job import Surroundings
from argosy.agent.porter.transform import parquet
from argosy.agent.porter.transform.assembling import assemble, read_pieces
from argosy.agent.porter.transform.caller import Caller
from argosy.agent.porter.transform.failures import CannotTransform, GivenUp
from argosy.agent.porter.transform.limits import read_parameters, resolve
from argosy.agent.porter.transform.plan import Plan, plan_of
from argosy.agent.porter.transform.reports import Reports
from argosy.agent.porter.transform.run import Run, Tools
from argosy.agent.porter.transform.slots import Slots
from argosy.agent.porter.transform.tasks import Tasks
from argosy.ground.errors import ArgosyError
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreAway, StoreError, UploadMissing
from argosy.objects.uri import parse_s3_uri

log = logging.getLogger(__name__)

_LEAST_HANDS = 8
"""Tasks at once: small objects are mostly waiting for the store."""
_SPARE = 1
"""Tasks (or groups of small ones) that are prepared while others are with the model."""
_MOST_SLOTS = 64
_PARAMETERS_S = 20.0
_AGAIN_S = 0.2
_END_S = 2.0
_PATIENCE_S = 120.0
"""The store may be restarted in the middle of a job."""


class Engine:
    """A `Job`."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._link = surroundings.link
        work = surroundings.spec.work
        assert work is not None
        self._job: dict[str, Any] = dict(work.get("job", {}))
        self._store = ObjectStore(
            surroundings.spec.store, patience_s=_PATIENCE_S, connections=2 * _MOST_SLOTS
        )
        self._tasks = Tasks()
        self._tools: Tools | None = None
        self._hands: list[threading.Thread] = []
        self._meeting = threading.Lock()
        self._connected = False
        """Control was there, and has or will be told what we are ready for."""

    # a job

    def begin(self) -> None:
        """Learn what the container can take, then ask for work."""
        threading.Thread(target=self._prepare, daemon=True).start()

    def holding(self) -> list[str]:
        return self._tasks.holding()

    def told(self, message: dict[str, Any]) -> None:
        if "connected" in message:
            with self._meeting:
                self._connected = True
                self._tasks.reconnected()
                self._introduce()
        elif "tasks" in message:
            self._deal(message["tasks"])
        elif "acked" in message:
            self._link.acknowledged(message["acked"])
            self._tasks.acknowledged(message["acked"])

    def _deal(self, tasks: list[dict[str, Any]]) -> None:
        """A group of tasks; or that some, or all, are not wanted any more."""
        if tasks[0]["task"] != "abandon":
            self._tasks.take(tasks)
            return
        self._tasks.abandon(tasks[0].get("ids"))
        self._want()

    def finish(self) -> None:
        """What is open is given up: control deals it out again from the last piece on."""
        self._tasks.close()
        deadline = time.monotonic() + _END_S
        for hand in tuple(self._hands):
            hand.join(timeout=max(0.0, deadline - time.monotonic()))
        if self._tools is not None:
            self._tools.slots.close()
        self._store.close()

    # beginning

    def _prepare(self) -> None:
        limits = resolve(self._job, self._execution_parameters())
        self._around.log.say(limits.shown)
        try:
            plan = plan_of(self._job, limits)
        except ArgosyError as error:
            self._around.log.say(str(error))
            failed = {"task": None, "reason": f"ClientError: {error}", "final": True}
            self._link.report("ready", {"failed": failed, "key": "ready"})
            return
        slots = Slots(limits.concurrency, self._around.addresses, plan.patience)
        permits = threading.Semaphore(limits.concurrency + _SPARE)
        self._tasks.slots = min(limits.concurrency + _SPARE, _MOST_SLOTS)
        tools = Tools(plan, self._store, slots, permits)
        hands = max(_LEAST_HANDS, self._tasks.slots)
        for _ in range(hands):
            hand = threading.Thread(target=self._work, daemon=True)
            hand.start()
            self._hands.append(hand)  # only now: `finish` may come at any time, and joins them
        with self._meeting:
            self._tools = tools
            if self._connected:
                self._introduce()

    def _execution_parameters(self) -> dict[str, Any]:
        """What the first container says, {} when it says nothing in time."""
        caller, deadline = Caller(self._around.addresses), time.monotonic() + _PARAMETERS_S
        try:
            while time.monotonic() < deadline:
                try:
                    return read_parameters(*caller.parameters(deadline - time.monotonic()))
                except OSError:
                    threading.Event().wait(_AGAIN_S)
        finally:
            caller.close()
        return {}

    def _introduce(self) -> None:
        """Once both sides are ready."""
        if self._tools is not None:
            self._link.tell({"ready": self._tools.plan.limits.to_json()})
            self._want()

    def _want(self) -> None:
        """Ask for as many groups of tasks as there is room for."""
        if self._tools is not None:
            self._tasks.want(lambda count: self._link.tell({"want": count}))

    # working

    def _work(self) -> None:
        while (task := self._tasks.next()) is not None:
            self._carry_out(task)
            self._tasks.done(task)
            self._want()

    def _carry_out(self, task: dict[str, Any]) -> None:
        assert self._tools is not None
        reports = Reports(task, self._link.report)
        given_up = self._tasks.given_up(task)
        try:
            self._obey(task, self._tools, reports, given_up)
        except GivenUp:
            return
        except CannotTransform as error:
            self._failed(task, reports, given_up, error)
        except StoreError as error:
            self._failed(task, reports, given_up, _store_failure(error))
        except Exception as error:
            log.exception("a task failed")
            failure = CannotTransform(f"{type(error).__name__}: {error}")
            failure.final = not isinstance(error, OSError)
            self._failed(task, reports, given_up, failure)

    def _obey(
        self, task: dict[str, Any], tools: Tools, reports: Reports, given_up: Callable[[], bool]
    ) -> None:
        if task["task"] == "run":
            Run(task, tools, reports, given_up).carry_out()
        elif task["task"] == "open":
            self._open(task, tools.plan, reports)
        elif task["task"] == "assemble":
            self._assemble(task, tools.plan, given_up)
            reports.assembled()
        else:
            raise CannotTransform(f"there is no task of the kind {task['task']!r}")

    def _open(self, task: dict[str, Any], plan: Plan, reports: Reports) -> None:
        """Begin what several instances will share."""
        if not plan.rows:
            content_type = plan.accept or "application/octet-stream"
            uri = parse_s3_uri(task["output"])
            reports.opened(self._store.multipart.create(uri, content_type), ends=True)
            return
        uri = parse_s3_uri(task["input"])
        file = parquet.StoredFile(self._store, uri, task["etag"], task["size"])
        reports.opened(None, ends=True, units=parquet.units_of(file))

    def _assemble(self, task: dict[str, Any], plan: Plan, given_up: Callable[[], bool]) -> None:
        content_type = plan.accept or "application/octet-stream"
        if not plan.parquet_out:
            assemble(self._store, task, content_type, given_up)
            return
        with self._store.writing(parse_s3_uri(task["output"]), content_type) as writer:
            pieces = [piece for piece in task["pieces"] if piece["bytes"]]
            parquet.write_all(
                parquet.Sink(writer.write),
                (parquet.held(read_pieces(self._store, [one], given_up)) for one in pieces),
            )
            if given_up():
                raise GivenUp

    # failing

    def _failed(
        self,
        task: dict[str, Any],
        reports: Reports,
        given_up: Callable[[], bool],
        error: CannotTransform,
    ) -> None:
        if given_up():
            return
        self._log_failure(task, error)
        where: dict[str, int] = {}
        if error.first >= 0:
            where = {"from_record": error.first + 1, "to_record": error.first + error.count}
        if error.start >= 0:
            where |= {"from": error.start, "to": error.end}
        reports.failed(error.reason, final=error.final, **where)

    def _log_failure(self, task: dict[str, Any], error: CannotTransform) -> None:
        """As the platform's log has it (reference/async-and-batch.md B6)."""
        name = str(task.get("input") or task["output"]).removeprefix("s3://")
        kind, _, message = error.reason.partition(": ")
        status = getattr(error, "status", 0)
        self._around.log.say(f"{name}: {kind}: {status}" if status else f"{name}: {kind}")
        self._around.log.say(f"{name}: Message:")
        for line in message.splitlines():
            self._around.log.say(f"{name}: {line}")


def _store_failure(error: StoreError) -> CannotTransform:
    """What is the store's, or the user's with it."""
    passing = isinstance(error, (StoreAway, UploadMissing))
    failure = CannotTransform(str(error))
    failure.kind = "InternalServerError" if passing else "ClientError"
    failure.final = not passing
    return failure
