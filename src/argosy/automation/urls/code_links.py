"""The zip of a function or a layer, for whoever has a link to it that has not ended."""

import asyncio
from urllib.parse import parse_qs

from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.means import Means
from argosy.state.function_links import is_sealed


async def fetched(means: Means, digest: str, request: DoorRequest) -> DoorAnswer:
    """The zip, or 403 for a link that was not given out here or is over."""
    asked = {name: values[0] for name, values in parse_qs(request.query).items()}
    ends, seal = asked.get("ends", ""), asked.get("seal", "")
    if not is_sealed(means.records, digest, ends, seal, means.clock.now()):
        return _said(403, "The link has ended, or was not given out here.")
    if request.method not in ("GET", "HEAD"):
        return _said(405, "A link to code is for GET.")
    try:
        content = await asyncio.to_thread(means.data_dir.function_zip(digest).read_bytes)
    except OSError:
        return _said(404, "The code is gone.")
    return DoorAnswer(200, [("Content-Type", "application/zip")], content)


def _said(status: int, text: str) -> DoorAnswer:
    return DoorAnswer(status, [("Content-Type", "text/plain")], text.encode())
