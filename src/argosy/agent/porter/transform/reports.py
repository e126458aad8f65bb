"""What control is told of a task, under a key until it has noted it."""

from collections.abc import Callable
from typing import Any

Report = Callable[[str, dict[str, Any]], None]
"""`Link.report`: a key, and the message that is said until control acknowledges the key."""


class Reports:
    """Of one task."""

    def __init__(self, task: dict[str, Any], report: Report) -> None:
        self._task = task
        self._report = report

    def opened(self, upload_id: str | None, *, ends: bool = False, **more: Any) -> None:
        """An upload was begun, or there is none. `ends`: that was all of the task."""
        self._say("opened", "end" if ends else "opened", upload_id=upload_id, **more)

    def piece(self, start: int, **piece: Any) -> None:
        """[start, …) is durable."""
        self._say("piece", f"piece/{start}", start=start, **piece)

    def finished(self, **counts: Any) -> None:
        """All of the run is durable."""
        self._say("finished", "end", **counts)

    def assembled(self) -> None:
        """The object is there."""
        self._say("assembled", "end")

    def failed(self, reason: str, *, final: bool, **where: Any) -> None:
        """The task failed."""
        self._say("failed", "end", reason=reason, final=final, **where)

    def _say(self, what: str, ending: str, **members: Any) -> None:
        key = f"{self._task['id']}/{ending}"
        message = {"task": self._task["id"], "object": self._task["object"], **members}
        self._report(key, {what: message, "key": key})
