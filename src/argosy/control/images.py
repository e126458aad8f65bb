"""Names of image folders: `argosy image add`, `list` and `remove` in control; unused content.

The folder's content is copied into the data folder by the command, which runs as the platform's
user; over the network nobody can have control read a path of the machine. Removing a name harms no
endpoint: content goes only when no endpoint and no instance refers to it any more. The same holds
for images of the registry that agents have unpacked there.
"""

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.ground.clock import Clock
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.instances import SPEC_FILE
from argosy.ground.paths import DataDir
from argosy.objects.image_folder import programs_of, size_of
from argosy.runtimes.images import runtime_for, why_not
from argosy.state.images import ANY_REGION, IMAGE, digests_in_use, full_name
from argosy.state.record import Record
from argosy.state.records import Records

ROUTE = "/_argosy/images"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?::[0-9]+(?=/))?(?:/{_PART})*:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}")
_LONGEST_NAME = 255
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOCK = ".lock"
"""Beside content that an agent unpacks."""
_NEW_S = 3600.0
"""Content that nothing refers to may be about to get its name."""


class Images:
    """The internal routes about images."""

    def __init__(self, records: Records, data_dir: DataDir, clock: Clock) -> None:
        self._records = records
        self._folder = data_dir.images
        self._instances = data_dir.instances
        self._clock = clock

    def orders(self) -> dict[str, Any]:
        """For `api.internal`: "METHOD /path" → async function of account and body."""
        return {
            f"GET {ROUTE}": self.list,
            f"POST {ROUTE}": self.add,
            f"DELETE {ROUTE}": self.remove,
        }

    async def add(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """Give content a name; {"name", "digest"}. A name that is there moves to it."""
        name, digest = checked_name(str(body.get("name", ""))), str(body.get("digest", ""))
        if not _DIGEST.fullmatch(digest):
            raise ArgosyError("The digest is not one of SHA-256.")
        folder = self._folder / digest
        programs = await asyncio.to_thread(programs_of, folder)
        size = await asyncio.to_thread(size_of, folder)
        document = {"digest": digest, "programs": programs, "size": size}
        now = self._clock.now()
        with self._records.transaction():
            there = self._records.get(IMAGE, account, ANY_REGION, name)
            if there is None:
                record = self._records.create(IMAGE, account, ANY_REGION, name, document, now=now)
            else:
                record = self._records.update(there, now=now, document=document)
        await self.collect()
        return _shown(record)

    async def collect(self) -> None:
        """Delete content that nothing has referred to for an hour."""
        await asyncio.to_thread(self._collect, digests_in_use(self._records))

    async def list(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """{"images": …}, oldest first."""
        return {"images": [_shown(r) for r in self._records.find(IMAGE, account, ANY_REGION)]}

    async def remove(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """Forget a name; {"name"}."""
        name = full_name(str(body.get("name", "")))
        record = self._records.get(IMAGE, account, ANY_REGION, name)
        if record is None:
            raise ArgosyError(
                f"There is no image {name}. `argosy image list` shows those there are."
            )
        self._records.delete(IMAGE, account, ANY_REGION, name)
        used = digests_in_use(self._records)
        await asyncio.to_thread(self._collect, used, record.document["digest"])
        return {**_shown(record), "in_use": record.document["digest"] in used}

    def _collect(self, used: set[str], removed: str = "") -> None:
        """Delete content that nothing refers to."""
        for path in list(self._unused(used | self._running(), removed)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _running(self) -> set[str]:
        """What instances were launched with; those of an old deployment may have work to finish."""
        specs = [read_json(path) or {} for path in self._instances.glob(f"*/{SPEC_FILE}")]
        containers = [one for spec in specs for one in spec.get("containers", ())]
        return {Path(one.get("image_folder") or "").name for one in containers}

    def _unused(self, used: set[str], removed: str) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            digest = path.name.removesuffix(_LOCK)
            old = path.stat().st_ctime < time.time() - _NEW_S
            if digest not in used and (old or digest == removed):
                yield path


def checked_name(given: str) -> str:
    """`repository:tag`. Raises ArgosyError for a name that cannot be an image's."""
    name = full_name(given)
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ArgosyError(
            f"'{given}' cannot be an image's name: use lower-case letters, digits, '.', '_', '-' "
            "and '/', and perhaps ':TAG'."
        )
    if runtime_for(name) or why_not(name):
        raise ArgosyError(f"'{given}' is a name of an image that Argosy knows; choose another one.")
    return name


def _shown(record: Record) -> dict[str, Any]:
    return {"name": record.name, **record.document, "modified": record.modified}
