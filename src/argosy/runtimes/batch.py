"""What a batch transform may ask of our runtimes at once, if its job does not say.

The answer has the form of a container's to GET /execution-parameters
(reference/container-contract.md §2), and "Processes" besides, the requests that are worked on at
once. One more is taken than there are processes, so that it is there when an answer leaves.
"""

from __future__ import annotations

import json
import os

from argosy.runtimes.answers import Answer, content_head

_DEFAULT_MB = 6
_MOST_MB = 20  # of Amazon's XGBoost container


def parameters(processes: int) -> Answer:
    """The answer of a worker of that many processes."""
    said = {
        "MaxConcurrentTransforms": processes + 1,
        "Processes": processes,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": _payload_mb(),
    }
    return Answer(200, content_head("application/json"), json.dumps(said).encode())


def _payload_mb() -> int:
    """MAX_CONTENT_LENGTH in whole MB, as Amazon's XGBoost container reads it."""
    text = os.environ.get("MAX_CONTENT_LENGTH", "")
    if not text.isdigit() or int(text) < 1 << 20:
        return _DEFAULT_MB
    return min(int(text) >> 20, _MOST_MB)
