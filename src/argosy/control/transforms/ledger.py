"""The objects of one job that are being worked on, and what reports make of them.

Every change is written into the book before it counts here, within the transaction that the caller
has open; when that fails, the whole ledger is thrown away and read again. Speaks with nobody.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from argosy.control.transforms import objects
from argosy.control.transforms.failures import failure_text
from argosy.control.transforms.objects import ASSEMBLE, OPEN, RUN, TaskId, Worked
from argosy.control.transforms.progress import progress_of
from argosy.control.transforms.ranges import gaps
from argosy.state import transform_book
from argosy.state.transform_book import ObjectRow, Piece, TransformBook
from argosy.state.transform_jobs import is_parquet

MOST_ATTEMPTS = 5
"""How often in a row an object may be given out in vain."""
_ASSEMBLED_AGAIN = 2
"""After so many vain attempts to put an object together it is done again from its beginning."""
_FAILURES_TOLD = 3


class Ledger:
    """The job `job` (its id in the book), asked for by these CreateTransformJob members."""

    def __init__(
        self,
        job: str,
        asked: dict[str, Any],
        bucket: str,
        book: TransformBook,
        done: Callable[[str, int], None] = lambda key, size: None,
    ) -> None:
        """`done`: told the key of each object whose output is there, and the output's bytes."""
        self.job = job
        self._on_done = done
        self._book = book
        self._bucket = bucket
        source = asked["TransformInput"]
        self._parquet = is_parquet(source.get("ContentType"))
        self._line = source["SplitType"] == "Line" and source["CompressionType"] == "None"
        self._gzip = source["CompressionType"] == "Gzip"
        self._instances = int(asked["TransformResources"]["InstanceCount"])
        self.worked: dict[int, Worked] = {}
        """By number, those that have something durable or are given out."""
        self.candidates: dict[int, Worked] = {}
        """Those of them of which something may be given out now."""
        self.holders: dict[str, str] = {}
        """Task id → instance."""
        self.adopted: set[int] = set()
        """Objects that were given out before control was started, by its own predecessor."""
        self.called_back: list[tuple[str, str]] = []
        """Instances and tasks of theirs that nobody needs any more."""
        self.again: deque[ObjectRow] = deque()
        """Rows that are to be given out again, nothing of them being durable."""
        self.progress = progress_of(book.totals(job))
        self._finished: list[tuple[int, int, int]] = []
        self.failures = [
            one.failure for one in book.with_state(job, transform_book.FAILED, limit=_FAILURES_TOLD)
        ]
        self._load()

    def listed(self, found: list[ObjectRow]) -> None:
        """Count what was noted just now; some may have failed already."""
        self.progress["objects"] += len(found)
        self.progress["bytes_total"] += sum(one.size for one in found)
        failed = [one.failure for one in found if one.state == transform_book.FAILED]
        self.progress["objects_failed"] += len(failed)
        self.failures += failed[: _FAILURES_TOLD - len(self.failures)]

    def worked_on(self, row: ObjectRow) -> Worked:
        """The object, as one that is being worked on from now on."""
        shared = objects.is_shared(
            row, line=self._line, parquet=self._parquet, instances=self._instances
        )
        worked = Worked(row, shared, self._parquet)
        self.worked[row.seq] = worked
        if shared:
            self.candidates[row.seq] = worked
        return worked

    def hold(self, worked: Worked, task: TaskId, instance: str) -> None:
        """It is given out."""
        worked.held[str(task)] = task
        self.holders[str(task)] = instance

    def adopt(self, task: TaskId, instance: str) -> bool:
        """Take an instance's word that it holds a task from before; False when that cannot be."""
        worked = self.worked.get(task.seq)
        if worked is None:
            row = self._book.find(self.job, task.seq)
            if row is None or row.state != transform_book.WAITING:
                return False
            if any(one.seq == task.seq for one in self.again):
                return False
            self.adopted.add(task.seq)
            worked = self.worked_on(row)
        if not _may_hold(worked, task):
            return False
        self.hold(worked, task, instance)
        return True

    def held_by(self, instance: str) -> list[str]:
        """Ids of the tasks that an instance has."""
        return [task for task, holder in self.holders.items() if holder == instance]

    def holds(self, seq: int) -> bool:
        """Whether an object is being worked on, so that its row is not to be given out."""
        return seq in self.worked

    def release(self, task_id: str) -> None:
        """Whoever had the task is gone."""
        worked, task = self._take_back(task_id)
        if worked.reach_of(task) == task.start:
            self._in_vain(worked, "InternalServerError: An instance died while it worked on it")
        self._settle(worked)

    def opened(self, task_id: str, message: dict[str, Any]) -> None:
        """A shared object is ready to be cut, or an object's output goes into an upload."""
        worked, task = self._of(task_id)
        upload_id, units = str(message.get("upload_id") or ""), message.get("units")
        values: dict[str, Any] = {"upload_id": upload_id, "state": transform_book.OPEN}
        if units is not None:
            values["units"] = int(units)
        self._change(worked, **values)
        if task.kind == OPEN:
            self._take_back(task_id)
            worked.shared = worked.total is not None
            self._settle(worked)

    def piece(self, task_id: str, message: dict[str, Any]) -> None:
        """Some output is durable. What is known already is not noted again."""
        worked, task = self._of(task_id)
        start = worked.reach_of(task)
        end = int(message["end"])
        end = end if task.end is None else min(end, task.end)
        if end <= start:
            return
        piece = Piece(
            start=start,
            end=end,
            kind=message["kind"],
            number=int(message.get("number") or 0),
            etag=message.get("etag") or "",
            uri=message.get("uri") or "",
            bytes=int(message.get("bytes") or 0),
            records=int(message.get("records") or 0),
        )
        self._keep(worked, piece)

    def finished(self, task_id: str, message: dict[str, Any]) -> None:
        """A run is done to its end."""
        worked, task = self._take_back(task_id)
        if message.get("whole"):
            self._done(worked, int(message["records"]), int(message["bytes_out"]))
            return
        if worked.shared and task.end is not None:
            reach = worked.reach_of(task)
            if reach < task.end:
                self._keep(worked, Piece(start=reach, end=task.end, kind="none"))
        if not worked.shared or objects.is_covered(worked):
            self._change(worked, state=transform_book.COVERED)
        self._settle(worked)

    def assembled(self, task_id: str) -> None:
        """An object's pieces have become its output."""
        worked, _ = self._take_back(task_id)
        self._done(
            worked,
            sum(piece.records for piece in worked.pieces),
            sum(piece.bytes for piece in worked.pieces),
        )

    def failed(self, task_id: str, message: dict[str, Any]) -> None:
        """A task has failed: for good, or for this time."""
        worked, task = self._take_back(task_id)
        message = _placed(worked, task, message)
        reason = str(message.get("reason") or "InternalServerError: no reason was given")
        if message.get("final"):
            self._fail(worked, reason, message)
        else:
            self._in_vain(worked, reason, message)
            if task.kind == ASSEMBLE and worked.row.attempts > _ASSEMBLED_AGAIN:
                self._begin_again(worked)
        self._settle(worked)

    def write(self) -> None:
        """Into the book what was put off, to be written at once."""
        self._book.finish(self.job, self._finished)
        self._finished = []

    # -- within

    def _load(self) -> None:
        for state in (transform_book.OPEN, transform_book.COVERED):
            after = -1
            while rows := self._book.with_state(self.job, state, after):
                for row in rows:
                    self._resume(row)
                after = rows[-1].seq

    def _resume(self, row: ObjectRow) -> None:
        worked = self.worked_on(row)
        worked.pieces = self._book.pieces(self.job, row.seq)
        if worked.rows and row.units is None:
            worked.shared = False
        self.candidates[row.seq] = worked
        for piece in worked.pieces:
            self._count(worked, piece)

    def _of(self, task_id: str) -> tuple[Worked, TaskId]:
        task = TaskId.of(task_id)
        assert task is not None
        return self.worked[task.seq], task

    def _take_back(self, task_id: str) -> tuple[Worked, TaskId]:
        worked, task = self._of(task_id)
        del worked.held[task_id], self.holders[task_id]
        return worked, task

    def _settle(self, worked: Worked) -> None:
        """Put the object where it will be found when something of it can be given out."""
        seq = worked.row.seq
        if seq not in self.worked or worked.held:
            return
        if worked.fresh and not worked.shared and not worked.covered:
            del self.worked[seq]
            self.candidates.pop(seq, None)
            self.again.append(worked.row)
        else:
            self.candidates[seq] = worked

    def _keep(self, worked: Worked, piece: Piece) -> None:
        self._book.keep(self.job, worked.row.seq, piece)
        worked.pieces.append(piece)
        self._count(worked, piece)
        if worked.row.state == transform_book.WAITING:
            self._change(worked, state=transform_book.OPEN)
        if worked.row.attempts:
            self._change(worked, attempts=0)

    def _count(self, worked: Worked, piece: Piece) -> None:
        self.progress["rows"] += piece.records
        self.progress["bytes_out"] += piece.bytes
        size = self._input_of(worked, piece)
        worked.counted += size
        self.progress["bytes_done"] += size

    def _input_of(self, worked: Worked, piece: Piece) -> int:
        """Bytes of the stored object that a piece stands for; 0 where nobody can say."""
        covered = piece.end - piece.start
        if worked.rows:
            return worked.row.size * covered // worked.row.units if worked.row.units else 0
        return 0 if self._gzip else min(covered, worked.row.size - worked.counted)

    def _change(self, worked: Worked, **values: Any) -> None:
        self._book.change(self.job, worked.row.seq, **values)
        worked.row = replace(worked.row, **values)

    def _done(self, worked: Worked, records: int, size: int) -> None:
        seq = worked.row.seq
        self._finished.append((seq, records, size))
        self._on_done(worked.row.key, size)
        self.progress["objects_done"] += 1
        self.progress["rows"] += records - sum(piece.records for piece in worked.pieces)
        self.progress["bytes_out"] += size - sum(piece.bytes for piece in worked.pieces)
        self._drop(worked)

    def _drop(self, worked: Worked) -> None:
        """Nothing more is to be done about the object."""
        self.progress["bytes_done"] += worked.row.size - worked.counted
        for task_id in list(worked.held):
            self.called_back.append((self.holders[task_id], task_id))
            self._take_back(task_id)
        del self.worked[worked.row.seq]
        self.candidates.pop(worked.row.seq, None)

    def _in_vain(self, worked: Worked, reason: str, message: dict[str, Any] | None = None) -> None:
        attempts = worked.row.attempts + 1
        if attempts < MOST_ATTEMPTS:
            self._change(worked, attempts=attempts)
        else:
            self._fail(worked, f"{reason} ({attempts} attempts)", message or {})

    def _fail(self, worked: Worked, reason: str, message: dict[str, Any]) -> None:
        text = failure_text(f"{self._bucket}/{worked.row.key}", reason, message)
        self._change(worked, state=transform_book.FAILED, failure=text)
        self.progress["objects_failed"] += 1
        if len(self.failures) < _FAILURES_TOLD:
            self.failures.append(text)
        self._drop(worked)

    def _begin_again(self, worked: Worked) -> None:
        """Nothing of it counts any more. Its upload is given up when the job is cleared up."""
        if worked.row.seq not in self.worked:
            return
        self._book.forget_pieces(self.job, worked.row.seq)
        self._change(worked, state=transform_book.WAITING, upload_id="")
        self.progress["bytes_done"] -= worked.counted
        self.progress["rows"] -= sum(piece.records for piece in worked.pieces)
        self.progress["bytes_out"] -= sum(piece.bytes for piece in worked.pieces)
        worked.pieces, worked.counted = [], 0


def _placed(worked: Worked, task: TaskId, message: dict[str, Any]) -> dict[str, Any]:
    """Records counted from the object's beginning; by their place where that is not known."""
    before = [piece for piece in worked.pieces if piece.end <= task.start]
    known = not gaps(task.start, [(piece.start, piece.end) for piece in before])
    if known:
        skipped = sum(piece.records for piece in before)
        moved = {
            name: int(message[name]) + skipped
            for name in ("from_record", "to_record")
            if message.get(name) is not None
        }
        return {**message, **moved}
    unit = "row groups" if worked.rows else "bytes"
    return {**message, "from_record": None, "to_record": None, "unit": unit}


def _may_hold(worked: Worked, task: TaskId) -> bool:
    """Whether nobody else has what a task covers, and it still is to be done."""
    held = list(worked.held.values())
    if task.kind == ASSEMBLE:
        return worked.covered and not held
    if task.kind == OPEN:
        return worked.shared and objects.needs_opening(worked) and not held
    if worked.covered or any(one.kind != RUN for one in held):
        return False
    if not worked.shared or task.end is None:
        return not held and task.end is None
    return all(one.end is not None and _apart(one, task) for one in held)


def _apart(one: TaskId, other: TaskId) -> bool:
    assert one.end is not None
    assert other.end is not None
    return one.end <= other.start or other.end <= one.start
