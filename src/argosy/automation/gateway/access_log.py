"""Access logs of stages: a line for each request, into a log group of CloudWatch Logs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argosy.telemetry.logs import LogWriter

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.-]+[A-Za-z0-9_])|\$\{context\.([A-Za-z0-9_.-]+)\}")
_MOST = 64


class AccessLogs:
    """The writers of one process; a stream for each stage and start."""

    def __init__(self, root: Path, max_bytes: int, started: str) -> None:
        """started: tells the streams of this process from those of others."""
        self._root = root
        self._max_bytes = max_bytes
        self._started = started
        self._writers: dict[tuple[str, str, str, str], LogWriter] = {}

    def write(
        self, account: str, region: str, group: str, stage: str, line: str, now: float
    ) -> None:
        """A line that cannot be written is lost, and counted by its writer."""
        key = account, region, group, stage
        writer = self._writers.get(key)
        if writer is None:
            if len(self._writers) >= _MOST:
                self.close()
            stream = f"{stage}-{self._started}"
            writer = LogWriter(self._root, account, region, group, stream, self._max_bytes)
            self._writers[key] = writer
        writer.write(line, int(now * 1000))

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def line(form: str, context: Mapping[str, Any]) -> str:
    """A format with $context.x put in; "-" where there is nothing."""

    def put(found: re.Match[str]) -> str:
        held: Any = context
        for step in (found.group(1) or found.group(2)).split("."):
            held = held.get(step) if isinstance(held, Mapping) else None
        return "-" if held is None or isinstance(held, Mapping) else str(held)

    return _VARIABLE.sub(put, form)


def group_of(arn: str) -> str:
    """The log group that an ARN names; "" when it names none."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 and parts[2] == "logs" else ""
