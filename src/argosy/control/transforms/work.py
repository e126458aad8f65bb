"""The work of one job: who is connected, who wants something, who gets what.

Reports are taken together, as many as have come, in one commit; then they are acknowledged, and
those who want work get some. Nobody gets any before all that worked for the job earlier had time to
say what they still hold (`settle`), which matters only after a restart of control.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from argosy.control.transforms import objects
from argosy.control.transforms.failures import reason_of
from argosy.control.transforms.ledger import Ledger
from argosy.control.transforms.lifecycle import WorkView
from argosy.control.transforms.objects import ASSEMBLE, OPEN, RUN, TaskId, Worked
from argosy.control.transforms.outputs import output_of, temporary_of
from argosy.control.transforms.ranges import MAX_NUMBER, Range, numbers_of
from argosy.control.transforms.shelf import Shelf
from argosy.control.work import Porter
from argosy.objects.uri import S3Uri
from argosy.state.transform_book import Listing, ObjectRow, Piece, TransformBook

GRACE_S = 10.0
"""How long after its own start control waits for those who may hold something."""
MISSED_S = 30.0
"""An instance that lives, but whose porter does not come again, loses what it held."""

_STRATEGIES = {"MULTI_RECORD": "MultiRecord", "SINGLE_RECORD": "SingleRecord"}
_LIMITS = ("MaxConcurrentTransforms", "MaxPayloadInMB", "BatchStrategy")


@dataclass
class _Worker:
    """An instance of the job; `porter` is None while it is away."""

    porter: Porter | None
    wants: int = 0
    away_since: float = 0.0


class JobWork:
    """One job that is being done. Raises StorageError from everywhere but `told`."""

    def __init__(
        self,
        job: str,
        asked: dict[str, Any],
        listing: Listing,
        book: TransformBook,
        changed: Callable[[], None],
        stumbled: Callable[["JobWork", BaseException], None],
        now: float,
        written: Callable[[S3Uri, int], None] = lambda uri, size: None,
    ) -> None:
        """`changed`: the reconciler should look; `stumbled`: this must be made anew; `written`: an
        output is there, of so many bytes, told in the transaction that says so."""
        self.job = job
        self.asked = asked
        self.listing = listing
        self.book = book
        self.failure = ""
        """Why the job cannot go on, whatever its objects do."""
        self.resolved: dict[str, Any] = {}
        self._written = written
        self.ledger = Ledger(job, asked, listing.bucket, book, self._done_with)
        self._shelf = Shelf(job, book, self.ledger)
        self._changed, self._stumbled = changed, stumbled
        self._workers: dict[str, _Worker] = {}
        self._inbox: list[tuple[Porter, dict[str, Any]]] = []
        self._since = now
        self._settled = False
        self._waits_for_listing = False
        self._closed = False

    # -- what the reconciler asks

    def view(self, cleared: bool) -> WorkView:
        """How it stands."""
        done = self._done
        progress = self.ledger.progress
        reason = self.failure
        if done and not reason:
            reason = reason_of(
                self.ledger.failures, progress["objects_failed"], progress["objects"]
            )
        return WorkView(
            begun=progress["objects"] > progress["objects_failed"],
            done=done,
            failure=reason,
            cleared=cleared,
            resolved=self.resolved,
            progress=progress,
        )

    @property
    def _done(self) -> bool:
        return self.listing.listed and not self.ledger.worked and self._shelf.empty

    def settle(self, alive: Collection[str], in_service: Collection[str], now: float) -> None:
        """Take note of which instances there are: what the dead held is free again."""
        for instance, worker in list(self._workers.items()):
            if worker.porter is None and (
                instance not in alive or now > worker.away_since + MISSED_S
            ):
                self._forget(instance)
        here = {name for name, worker in self._workers.items() if worker.porter is not None}
        if not self._settled and (here >= set(in_service) or now > self._since + GRACE_S):
            self._settled = True
        self.serve()

    def wait_for_listing(self) -> None:
        """Give nothing out before all of the input is known."""
        self._waits_for_listing = True

    def listed(self, found: list[ObjectRow], after: str, *, complete: bool) -> None:
        """Note more of the input; the book has it when this returns."""
        self.book.add(self.job, found, after, complete)
        listing = self.listing
        self.listing = Listing(
            bucket=listing.bucket, base=listing.base, after=after, listed=complete
        )
        self.ledger.listed(found)
        self._shelf.refill()
        self.serve()
        if complete or not listing.after:
            self._changed()

    def fail(self, reason: str) -> None:
        """The job cannot succeed."""
        self.failure = reason
        self._changed()

    def close(self) -> None:
        """Nobody is to go on with it. Idempotent."""
        if self._closed:
            return
        self._closed = True
        for worker in self._workers.values():
            if worker.porter is not None:
                worker.porter.send({"tasks": [{"task": "abandon"}]})

    def disconnect(self) -> None:
        """Have all porters come again, and tell anew what they hold."""
        self._closed = True
        for worker in self._workers.values():
            if worker.porter is not None:
                worker.porter.close()

    # -- what the desk hands on

    def joined(self, porter: Porter) -> None:
        """Somebody is here, perhaps again."""
        if self._closed:
            porter.send({"tasks": [{"task": "abandon"}]})
            return
        instance = porter.instance
        self._workers[instance] = _Worker(porter)
        holding = set(porter.hello["holding"])
        with self.book.transactions.begin():
            for task_id in self.ledger.held_by(instance):
                if task_id not in holding:
                    self.ledger.release(task_id)
            refused = [one for one in sorted(holding) if not self._holds(one, instance)]
        if refused:
            porter.send({"tasks": [{"task": "abandon", "ids": refused}]})
        self.serve()

    def left(self, porter: Porter, now: float) -> None:
        """Its connection is lost; what it holds stays its own for a while."""
        worker = self._workers.get(porter.instance)
        if worker is not None and worker.porter is porter:
            worker.porter, worker.wants, worker.away_since = None, 0, now
            self._changed()

    def told(self, porter: Porter, message: dict[str, Any]) -> None:
        """Take a message together with the others that are there."""
        if not self._inbox:
            asyncio.get_running_loop().call_soon(self._flush)
        self._inbox.append((porter, message))

    def _holds(self, task_id: str, instance: str) -> bool:
        """Whether the task is that instance's, taking its word if nothing speaks against it."""
        if task_id in self.ledger.holders:
            return self.ledger.holders[task_id] == instance
        task = TaskId.of(task_id)
        return task is not None and self.ledger.adopt(task, instance)

    def _forget(self, instance: str) -> None:
        del self._workers[instance]
        with self.book.transactions.begin():
            for task_id in self.ledger.held_by(instance):
                self.ledger.release(task_id)
            self.ledger.write()

    def _done_with(self, key: str, size: int) -> None:
        path = self.asked["TransformOutput"]["S3OutputPath"]
        self._written(output_of(path, self.listing.base, key), size)

    # -- reports

    def _flush(self) -> None:
        inbox, self._inbox = self._inbox, []
        if self._closed:
            return
        keys: dict[Porter, list[str]] = {}
        try:
            with self.book.transactions.begin():
                for porter, message in inbox:
                    for one in message.get("many") or (message,):
                        self._take(porter, one)
                        if "key" in one:
                            keys.setdefault(porter, []).append(one["key"])
                self.ledger.write()
            for porter, acked in keys.items():
                porter.send({"acked": acked})
            self._call_back()
            self.serve()
        except Exception as error:
            self._stumbled(self, error)
        if self._done:
            self._changed()

    def _call_back(self) -> None:
        """Tell those who work on an object that has failed elsewhere."""
        called, self.ledger.called_back = self.ledger.called_back, []
        for instance, task_id in called:
            worker = self._workers.get(instance)
            if worker is not None and worker.porter is not None:
                worker.porter.send({"tasks": [{"task": "abandon", "ids": [task_id]}]})

    def _take(self, porter: Porter, message: dict[str, Any]) -> None:
        worker = self._workers.get(porter.instance)
        if worker is None or worker.porter is not porter:
            return
        if "want" in message:
            worker.wants += int(message["want"])
        elif "ready" in message:
            self._resolve(message["ready"])
        else:
            self._report(porter.instance, message)

    def _report(self, instance: str, message: dict[str, Any]) -> None:
        """Reports of a task that is not the instance's any more change nothing. A failure of no
        task at all means that the job asks for what nobody can do."""
        for kind in ("opened", "piece", "finished", "assembled", "failed"):
            if kind not in message:
                continue
            said = message[kind]
            if said["task"] is None:
                self.fail(str(said["reason"]))
                return
            task_id = str(said["task"])
            if not self._holds(task_id, instance):
                return
            if kind == "assembled":
                self.ledger.assembled(task_id)
            else:
                getattr(self.ledger, kind)(task_id, said)

    def _resolve(self, said: dict[str, Any]) -> None:
        found = {name: said[name] for name in _LIMITS if said.get(name) is not None}
        if "BatchStrategy" in found:
            found["BatchStrategy"] = _STRATEGIES.get(found["BatchStrategy"], found["BatchStrategy"])
        if found != self.resolved:
            self.resolved = found
            self._changed()

    # -- dealing

    def serve(self) -> None:
        """Give out what there is to those who want something, one after the other."""
        if self._closed or not self._settled or self.failure:
            return
        if self._waits_for_listing and not self.listing.listed:
            return
        waiting = True
        while waiting:
            waiting = False
            for worker in list(self._workers.values()):
                if worker.porter is None or worker.wants <= 0:
                    continue
                group = self._next_group(worker.porter.instance)
                if group:
                    worker.wants -= 1
                    worker.porter.send({"tasks": group})
                    waiting = True

    @property
    def _slots(self) -> int:
        """How many tasks may be under way at once, as far as that is known."""
        count = int(self.asked["TransformResources"]["InstanceCount"])
        wanted = sum(worker.wants for worker in self._workers.values())
        return max(count, wanted + len(self._workers))

    def _next_group(self, instance: str) -> list[dict[str, Any]]:
        for worked in list(self.ledger.candidates.values()):
            step = objects.next_task(worked, self._slots)
            if step:
                return [self._give(worked, step, instance)]
        return list(self._from_shelf(instance))

    def _from_shelf(self, instance: str) -> Iterator[dict[str, Any]]:
        for row in self._shelf.take(self._slots):
            worked = self.ledger.worked_on(row)
            step = objects.next_task(worked, self._slots)
            assert step is not None
            yield self._give(worked, step, instance)

    def _give(
        self, worked: Worked, step: tuple[str, Range | None], instance: str
    ) -> dict[str, Any]:
        kind, run = step
        start, end = run or (0 if kind != RUN else worked.reached, None)
        task = TaskId(kind, worked.row.seq, start, end, secrets.token_hex(4))
        message = self._message(worked, task)
        self.ledger.hold(worked, task, instance)
        if not worked.shared:
            self.ledger.candidates.pop(worked.row.seq, None)
        return message

    def _message(self, worked: Worked, task: TaskId) -> dict[str, Any]:
        row, path = worked.row, self.asked["TransformOutput"]["S3OutputPath"]
        common: dict[str, Any] = {
            "task": task.kind,
            "id": str(task),
            "object": row.seq,
            "input": str(S3Uri(self.listing.bucket, row.key)),
            "etag": row.etag,
            "size": row.size,
            "output": str(output_of(path, self.listing.base, row.key)),
        }
        if task.kind == OPEN:
            return common
        common["upload_id"] = row.upload_id or None
        if task.kind == ASSEMBLE:
            return {**common, "pieces": [_shown(piece) for piece in _in_order(worked)]}
        first, last = _numbers(worked, task)
        return {
            **common,
            "start": task.start,
            "end": task.end,
            "whole": worked.fresh and task.end is None,
            "number": first,
            "last_number": last,
            "temporary": f"{temporary_of(path, self.job)}{row.seq}/",
        }


def _numbers(worked: Worked, task: TaskId) -> tuple[int, int]:
    used = [(piece.end, piece.number) for piece in worked.pieces]
    if task.end is not None and worked.total and not worked.rows:
        return numbers_of((task.start, task.end), worked.total, used)
    return 1 + max((number for _, number in used), default=0), MAX_NUMBER


def _in_order(worked: Worked) -> list[Piece]:
    """Pieces that hold something."""
    filled = (p for p in worked.pieces if p.kind == "part" or p.uri)
    return sorted(filled, key=lambda p: p.start)


def _shown(piece: Piece) -> dict[str, Any]:
    return dict(vars(piece))
