"""The tasks that an instance was given: what waits, what is being done, what control took back.

Control gives out tasks in groups: one large task, or many small ones. Each group answers one thing
that was wanted; when the last task of a group is done, another group is wanted.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class Tasks:
    """May be used by any thread."""

    def __init__(self) -> None:
        self.slots = 0
        """Groups to have at once."""
        self._changed = threading.Condition()
        self._waiting: deque[dict[str, Any]] = deque()
        self._group_of: dict[str, int] = {}
        """Of each task that is not done, the group it came with."""
        self._unacknowledged: set[str] = set()
        """Tasks that are done, but control has not noted it."""
        self._noted: set[str] = set()
        """Those that control has noted before they were quite done."""
        self._abandoned: set[str] = set()
        self._groups = 0
        self._asked = 0
        """Groups that were wanted and have not come."""
        self._closed = False

    def want(self, ask: Callable[[int], bool]) -> None:
        """Ask for what there is room for; `ask` says whether control heard it."""
        with self._changed:
            missing = self.slots - len(set(self._group_of.values())) - self._asked
            if missing > 0 and not self._closed and ask(missing):
                self._asked += missing

    def reconnected(self) -> None:
        """Control does not know what we wanted."""
        with self._changed:
            self._asked = 0

    def take(self, tasks: list[dict[str, Any]]) -> None:
        """A group has come."""
        with self._changed:
            self._asked = max(0, self._asked - 1)
            self._groups += 1
            for task in tasks:
                self._group_of[task["id"]] = self._groups
                self._abandoned.discard(task["id"])
                self._waiting.append(task)
            self._changed.notify_all()

    def next(self) -> dict[str, Any] | None:
        """The next task, as soon as there is one; None when it is over."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed else self._waiting.popleft()

    def done(self, task: dict[str, Any]) -> None:
        """It was carried out, failed or was given up."""
        with self._changed:
            self._group_of.pop(task["id"], None)
            if task["id"] not in self._abandoned | self._noted:
                self._unacknowledged.add(task["id"])
            self._abandoned.discard(task["id"])
            self._noted.discard(task["id"])

    def acknowledged(self, keys: list[str]) -> None:
        """Control has noted the end of these (see `Reports`)."""
        with self._changed:
            for key in keys:
                task, _, what = key.rpartition("/")
                if what == "end" and task in self._group_of:
                    self._noted.add(task)
                elif what == "end":
                    self._unacknowledged.discard(task)

    def abandon(self, ids: list[str] | None) -> None:
        """Control took these back; None: all."""
        with self._changed:
            gone = set(self._group_of if ids is None else ids)
            waiting = {task["id"] for task in self._waiting}
            self._waiting = deque(task for task in self._waiting if task["id"] not in gone)
            for task in gone & waiting:
                del self._group_of[task]
            self._abandoned |= gone & self._group_of.keys()
            self._unacknowledged -= gone

    def given_up(self, task: dict[str, Any]) -> Callable[[], bool]:
        """Whether nobody wants this task any more."""
        return lambda: self._closed or task["id"] in self._abandoned

    def holding(self) -> list[str]:
        """Tasks that control must not give to somebody else."""
        with self._changed:
            return [*(self._group_of.keys() - self._abandoned), *self._unacknowledged]

    def close(self) -> None:
        """Give everything up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
