"""A job's use of the disk, looked at now and then: the volume that it asked for has an end.

Measured at most a twentieth of the time; between two looks a job may write more than it should.
"""

import os
from pathlib import Path

from argosy.agent.environments import size_of
from argosy.agent.jobs import reasons
from argosy.agent.pace import Pace

_LEAST_FREE = 256 << 20


class Volume:
    """The folder of one instance."""

    def __init__(self, folder: Path, limit: int) -> None:
        """`limit`: bytes, 0 for none but the disk's."""
        self._folder = folder
        self._limit = limit
        self._pace = Pace()

    def look(self) -> str:
        """Why the job has to end; "" while all is well."""
        if not self._pace.due:
            return ""
        status = os.statvfs(self._folder)
        free = status.f_bavail * status.f_frsize
        if free < _LEAST_FREE:
            return reasons.disk_full(free)
        if not self._limit:
            return ""
        with self._pace.measuring():
            size = size_of(self._folder)
        return reasons.volume_full(size, self._limit) if size > self._limit else ""
