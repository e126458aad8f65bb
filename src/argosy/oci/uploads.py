"""Uploads: layers on their way in, each a file that grows until its digest proves it whole.

What has come stays when the client, or control, goes away: the file's size is how far the upload
is. Whose upload it is stands in a record. Methods that read or write the file block.
"""

import asyncio
import hashlib
import uuid
from pathlib import Path
from typing import Any

from argosy.oci.names import Owner
from argosy.state.records import Record, Records

KIND = "ecr-upload"

_CHUNK = 1 << 20


class Upload:
    """One upload; whoever appends or ends it holds its lock."""

    def __init__(self, record: Record, path: Path) -> None:
        self.record = record
        self.path = path
        self.lock = asyncio.Lock()
        self._hash: Any = hashlib.sha256()
        self._hashed = 0

    @property
    def id(self) -> str:
        return self.record.name

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return self.path.stat().st_size

    def append(self, data: bytes) -> None:
        """Raises OSError, the disk being full included; the size says how much was kept."""
        at = self.size
        with self.path.open("ab") as file:
            file.write(data)
        if self._hashed == at:
            self._hash.update(data)
            self._hashed += len(data)

    def digest(self) -> str:
        """Of all that has come; read again if it came before control was started."""
        if self._hashed != self.size:
            self._hash, self._hashed = hashlib.sha256(), 0
            with self.path.open("rb") as file:
                while data := file.read(_CHUNK):
                    self._hash.update(data)
                    self._hashed += len(data)
        return f"sha256:{self._hash.hexdigest()}"


class Uploads:
    """All uploads of a platform, below one folder."""

    def __init__(self, records: Records, folder: Path) -> None:
        self._records = records
        self._folder = folder
        self._open: dict[str, Upload] = {}

    def begin(self, owner: Owner, repository: str, now: float) -> Upload:
        """A new one, empty. Raises OSError."""
        document = {"repository": repository}
        record = self._records.create(KIND, *owner, str(uuid.uuid4()), document, now=now)
        self._path(record).touch(mode=0o600)
        return self._opened(record)

    def find(self, owner: Owner, repository: str, upload_id: str) -> Upload | None:
        """The upload of that id, if it is for that repository."""
        record = self._records.get(KIND, *owner, upload_id)
        if record is None or record.document["repository"] != repository:
            return None
        return self._opened(record) if self._path(record).exists() else None

    def end(self, upload: Upload) -> None:
        """Forget it, file and all."""
        record = upload.record
        self._records.delete(KIND, record.account, record.region, record.name)
        self._open.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)

    def collect(self, before: float) -> None:
        """Forget those that have not grown since `before`, and files that nobody knows."""
        known = {record.name: record for record in self._records.find(KIND)}
        for record in known.values():
            upload = self._opened(record)
            if not upload.lock.locked() and _last_change(upload.path) < before:
                self.end(upload)
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    def _opened(self, record: Record) -> Upload:
        return self._open.setdefault(record.name, Upload(record, self._path(record)))

    def _path(self, record: Record) -> Path:
        return self._folder / record.name


def _last_change(path: Path) -> float:
    """Epoch seconds; long ago when the file is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
