"""Carries out tasks that move messages, a step of each in turn, at the rate that was asked for."""

import asyncio

from argosy.messaging.hub import Messaging
from argosy.messaging.move_tasks import KIND, MoveTask
from argosy.messaging.rounds import Rounds


class Moving(Rounds):
    """The loop of one process: goes on with what is under way, and takes up what comes."""

    def __init__(self, messaging: Messaging) -> None:
        super().__init__(messaging.records, KIND, "moving messages", self._round)
        self._messaging = messaging
        self._next: dict[str, float] = {}

    async def _round(self) -> float | None:
        """A step of each task whose turn it is; returns when the next one's is, None for never.

        A step writes its task's record, which rings for the next round.
        """
        now = asyncio.get_running_loop().time()
        tasks = self._messaging.move_tasks.running()
        self._next = {task.record.name: self._next.get(task.record.name, 0.0) for task in tasks}
        for task in tasks:
            if self._next[task.record.name] <= now:
                self._step(task, now)
        waits = [at - now for at in self._next.values()]
        return max(0.0, min(waits)) if waits else None

    def _step(self, task: MoveTask, now: float) -> None:
        moved = self._messaging.move_tasks.step(task)
        self._next[task.record.name] = now + (moved / task["rate"] if task["rate"] else 0.0)
