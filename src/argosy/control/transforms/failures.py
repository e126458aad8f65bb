"""FailureReason of a job, and how the failure of one object reads in it. Pure.

The reason begins in the forms of reference/async-and-batch.md B6, and then names objects, records
and what the model said.
"""

import re
from collections.abc import Sequence
from typing import Any

_KIND = re.compile(r"\A(ClientError|AlgorithmError|InternalServerError): ?")
_MOST_OF_ONE = 400


def failure_text(place: str, reason: str, message: dict[str, Any]) -> str:
    """`place`: bucket/key; the message may name the records that failed."""
    kind = _KIND.match(reason)
    text = reason[kind.end() :] if kind else reason
    name = kind[1] if kind else "AlgorithmError"
    return f"{name}: {place}{_records(message)}: {text.strip()[:_MOST_OF_ONE]}"


def reason_of(failures: Sequence[str], failed: int, objects: int) -> str:
    """Why a job failed of whose objects some did; "" when none did."""
    if not failed:
        return ""
    kind = _KIND.match(failures[0]) if failures else None
    name = kind[1] if kind else "AlgorithmError"
    told = "\n".join(_KIND.sub("", one) for one in failures)
    return (
        f"{name}: See job logs for more information. {failed} of {objects} objects failed.\n{told}"
    )


def _records(message: dict[str, Any]) -> str:
    """Which records: counted from 1, or by their place where those before are not counted yet."""
    first, last = message.get("from_record"), message.get("to_record")
    if first is not None:
        return f", record {first}" if last in (None, first) else f", records {first} to {last}"
    if message.get("from") is not None:
        return f", {message.get('unit', 'bytes')} {message['from']} to {message.get('to')}"
    return ""
