"""The platform's lines about a job as a whole: the log stream `<job>/data-log`.

Single objects are told of by the instances, in streams of their own.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from argosy.control.transforms.progress import sentence
from argosy.ground.names import TRANSFORM_LOG_GROUP
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.state.record import Record
from argosy.telemetry.logs import LogWriter

_EVERY_S = 60.0


class Diary:
    """One line a minute while the job goes on, and one at its end."""

    def __init__(self, record: Record, data_dir: DataDir, settings: Settings) -> None:
        self._writer = LogWriter(
            data_dir.logs,
            record.account,
            record.region,
            TRANSFORM_LOG_GROUP,
            f"{record.name}/data-log",
            settings.log_stream_mb << 20,
        )
        self._next = 0.0
        self._now = 0.0

    def note(self, now: float, shown: Callable[[], dict[str, Any]]) -> None:
        """Write how far the job is, if it is time."""
        self._now = now
        if not self._next:
            self._next = now + _EVERY_S
        if now >= self._next:
            self._next = now + _EVERY_S
            self.say(now, sentence(shown()))

    def end(self, status: str, shown: Callable[[], dict[str, Any]]) -> None:
        """Write what the job has come to."""
        self.say(self._now, f"{status}. {sentence(shown())}")

    def close(self) -> None:
        """Idempotent."""
        self._writer.close()

    def say(self, now: float, text: str) -> None:
        """Write a line."""
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._writer.write(f"{stamp}:[sagemaker logs]: {text}", int(now * 1000))
