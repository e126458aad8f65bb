"""The platform's own lines about an instance's work: the log stream `<stream>/data-log`.

    2026-11-21T10:00:00.123:[sagemaker logs]: MaxConcurrentTransforms=4, MaxPayloadInMB=6

The form is that of the batch transform's data-log (reference/async-and-batch.md B6).
"""

import threading
import time
from datetime import UTC, datetime

from argosy.ground.instances import InstanceSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.telemetry.logs import LogWriter


class DataLog:
    """May be written to by any thread."""

    def __init__(self, data_dir: DataDir, spec: InstanceSpec, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._writer = LogWriter(
            data_dir.logs,
            spec.account,
            spec.region,
            spec.log_group,
            f"{spec.log_stream}/data-log",
            settings.log_stream_mb << 20,
        )

    def say(self, text: str) -> None:
        """One event for each line of the text."""
        now = time.time()
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        with self._lock:
            for line in text.splitlines() or [""]:
                self._writer.write(f"{stamp}:[sagemaker logs]: {line}", int(now * 1000))

    def close(self) -> None:
        with self._lock:
            self._writer.close()
