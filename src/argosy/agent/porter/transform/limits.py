"""How much at once: what the job says, else what its container says, else SageMaker's defaults.

Source: reference/container-contract.md §2, GET /execution-parameters; async-and-batch.md B1.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.agent.porter.transform.lines import Payload
from argosy.runtimes.frames import MAX_FRAME

MULTI, SINGLE = "MultiRecord", "SingleRecord"

_MB = 1 << 20
_DEFAULT_MB = 6
_MOST_MB = 100
_MOST_CONCURRENT = 256
_LARGEST = MAX_FRAME - (1 << 16)


@dataclass(frozen=True)
class Limits:
    """What holds for a job on this instance."""

    concurrency: int
    payload_mb: int
    """0: unbounded."""
    strategy: str
    waits: int = 1
    """How many invocations are in line for each that is worked on, by the container's own wish."""

    @property
    def payload(self) -> Payload:
        """For the readers."""
        if self.payload_mb:
            return Payload(self.payload_mb * _MB, self.payload_mb * _MB)
        return Payload(_DEFAULT_MB * _MB, _LARGEST)

    @property
    def shown(self) -> str:
        """As the platform's log has it."""
        strategy = "SINGLE_RECORD" if self.strategy == SINGLE else "MULTI_RECORD"
        return (
            f"MaxConcurrentTransforms={self.concurrency}, MaxPayloadInMB={self.payload_mb}, "
            f"BatchStrategy={strategy}"
        )

    def to_json(self) -> dict[str, Any]:
        """As members of DescribeTransformJob."""
        return {
            "MaxConcurrentTransforms": self.concurrency,
            "MaxPayloadInMB": self.payload_mb,
            "BatchStrategy": self.strategy,
        }


def resolve(job: Mapping[str, Any], said: Mapping[str, Any]) -> Limits:
    """`said`: the container's execution parameters, {} when it has none."""
    payload = job.get("MaxPayloadInMB")
    if payload is None:
        payload = min(_number(said.get("MaxPayloadInMB"), _DEFAULT_MB, 0), _MOST_MB)
    concurrency = job.get("MaxConcurrentTransforms") or _number(
        said.get("MaxConcurrentTransforms"), 1, 1
    )
    processes = _number(said.get("Processes"), 0, 1)
    waits = -(-int(concurrency) // processes) if processes else 1
    strategy = str(said.get("BatchStrategy", "")).replace("_", "").upper()
    return Limits(
        concurrency=min(int(concurrency), _MOST_CONCURRENT),
        payload_mb=int(payload),
        waits=1 if job.get("MaxConcurrentTransforms") else waits,
        strategy=job.get("BatchStrategy") or (SINGLE if strategy == "SINGLERECORD" else MULTI),
    )


def read_parameters(status: int, body: bytes) -> dict[str, Any]:
    """A container's answer; {} when it gave none, or nothing that can be read."""
    if status != 200:
        return {}
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _number(value: Any, default: int, least: int) -> int:
    known = isinstance(value, int) and not isinstance(value, bool) and value >= least
    return value if known else default
