"""An object that is being worked on: what is durable of it, what is given out, what is missing.

Plain values and what follows from them; what is done about it is `work`'s affair.
"""

from dataclasses import dataclass, field

from argosy.control.transforms import ranges
from argosy.control.transforms.ranges import Range
from argosy.state import transform_book as book
from argosy.state.transform_book import ObjectRow, Piece

OPEN, RUN, ASSEMBLE = "open", "run", "assemble"
SHARED_FROM = 8 << 20
"""A smaller object is one instance's."""
_SHARED_ROWS_FROM = 1 << 20


@dataclass(frozen=True)
class TaskId:
    """What is given out, written into its id, so that control knows it again after a restart."""

    kind: str
    seq: int
    start: int
    end: int | None
    nonce: str

    def __str__(self) -> str:
        end = "" if self.end is None else self.end
        return f"{self.kind}:{self.seq}:{self.start}:{end}:{self.nonce}"

    @classmethod
    def of(cls, text: str) -> "TaskId | None":
        """None for an id that is not control's."""
        try:
            kind, seq, start, end, nonce = text.split(":")
            return cls(kind, int(seq), int(start), int(end) if end else None, nonce)
        except ValueError:
            return None


@dataclass
class Worked:
    """One object. `shared`: several instances may have ranges of it at once."""

    row: ObjectRow
    shared: bool
    rows: bool
    """Positions are row groups."""
    pieces: list[Piece] = field(default_factory=list)
    held: dict[str, TaskId] = field(default_factory=dict)
    """By task id."""
    counted: int = 0
    """Bytes of the stored object that count as done."""

    @property
    def total(self) -> int | None:
        """Positions of the whole object, where they are known."""
        if self.rows:
            return self.row.units
        return self.row.size if self.shared else None

    @property
    def reached(self) -> int:
        """Where the next range of a sequential object begins."""
        return max((piece.end for piece in self.pieces), default=0)

    @property
    def fresh(self) -> bool:
        """Nothing of it is durable."""
        return not self.pieces and not self.row.upload_id

    @property
    def covered(self) -> bool:
        return self.row.state == book.COVERED

    def reach_of(self, task: TaskId) -> int:
        """How far the holder of a run has come: the end of its last piece."""
        limit = task.end
        mine = [p.end for p in self.pieces if p.start >= task.start]
        return max((end for end in mine if limit is None or end <= limit), default=task.start)

    def free(self) -> list[Range]:
        """Ranges of a shared object that nobody has and no piece covers."""
        assert self.total is not None
        taken = [(piece.start, piece.end) for piece in self.pieces]
        taken += [(t.start, t.end or self.total) for t in self.held.values() if t.kind == RUN]
        return ranges.gaps(self.total, taken)


def is_shared(row: ObjectRow, *, line: bool, parquet: bool, instances: int) -> bool:
    """Whether an object is worth being cut: a single instance needs no more than one range."""
    if instances < 2 or not line:
        return False
    return row.size >= (_SHARED_ROWS_FROM if parquet else SHARED_FROM)


def next_task(worked: Worked, slots: int) -> tuple[str, Range | None] | None:
    """Kind and range of what to give out next of an object; None while it must wait.

    A range that ends with None goes to the end of the object, wherever that is.
    """
    busy = {task.kind for task in worked.held.values()}
    if worked.covered:
        return None if busy else (ASSEMBLE, None)
    if not worked.shared:
        return None if busy else (RUN, None)
    if OPEN in busy:
        return None
    if needs_opening(worked):
        return (OPEN, None)
    if worked.total is None:
        return None if busy else (RUN, None)
    run = ranges.next_run(worked.free(), slots, worked.total, rows=worked.rows)
    return (RUN, run) if run else None


def needs_opening(worked: Worked) -> bool:
    """Whether a shared object still needs its upload, or its row groups counted."""
    if worked.rows:
        return worked.row.state == book.WAITING
    return not worked.row.upload_id


def is_covered(worked: Worked) -> bool:
    """Whether pieces cover all of a shared object."""
    if worked.total is None:
        return False
    return not ranges.gaps(worked.total, [(p.start, p.end) for p in worked.pieces])
