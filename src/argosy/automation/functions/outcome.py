"""What an invocation came to, and how Lambda words what went wrong. Pure.

Sources: reference/automation.md §3; forms of messages as logs of Lambda show them.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from argosy.runtimes.function import MAX_ANSWER

_SIGNALS = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    11: "segmentation fault",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
}


@dataclass(frozen=True)
class Outcome:
    """An answer, or JSON about an error; `kind` is the type of an error that the platform found."""

    payload: bytes
    error: Literal["", "Handled", "Unhandled"] = ""
    kind: str = ""
    line: str = ""
    """What the log says of it, beside what the function said itself."""
    timed_out: bool = False


def failed(payload: bytes) -> Outcome:
    """The function, or what imports it, raised something; its runtime has put it into words."""
    return Outcome(payload, "Unhandled")


def timed_out(request_id: str, seconds: float, now: float) -> Outcome:
    said = f"{_stamp(now)} {request_id} Task timed out after {seconds:.2f} seconds"
    return Outcome(_json(said, "Sandbox.Timedout"), "Unhandled", line=said, timed_out=True)


def ended(request_id: str, code: int | None) -> Outcome:
    """The runtime process ended by itself; `code` as a shell has it, None where nobody knows."""
    said = f"RequestId: {request_id} Error: {_end(code)}"
    return Outcome(_json(said, "Runtime.ExitError"), "Unhandled", "Runtime.ExitError", said)


def out_of_memory(request_id: str) -> Outcome:
    """It was killed for taking more memory than it has."""
    return ended(request_id, 128 + 9)


def too_large(size: int) -> Outcome:
    said = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({MAX_ANSWER} bytes)."
    )
    kind = "Function.ResponseSizeTooLarge"
    return Outcome(_json(said, kind), "Unhandled", kind, f"LAMBDA_RUNTIME {said}")


def no_program(request_id: str, path: str) -> Outcome:
    """There is nothing that could be started."""
    said = f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [{path}]"
    return Outcome(
        _json(said, "Runtime.InvalidEntrypoint"), "Unhandled", "Runtime.InvalidEntrypoint", said
    )


def report(
    request_id: str,
    *,
    duration_ms: float,
    memory_mb: int,
    used_mb: int,
    init_ms: float | None,
    outcome: Outcome,
) -> str:
    """The REPORT line, with the time of the start when there was one."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {max(1, math.ceil(duration_ms))} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {used_mb} MB",
    ]
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    if outcome.timed_out:
        parts.append("Status: timeout")
    elif outcome.kind:
        parts += ["Status: error", f"Error Type: {outcome.kind}"]
    return "\t".join((*parts, ""))


def platform_event(kind: str, now: float, record: dict[str, object]) -> str:
    """A line of the platform's in logs of format JSON."""
    return json.dumps({"time": _stamp(now), "type": f"platform.{kind}", "record": record})


def report_record(
    request_id: str,
    *,
    duration_ms: float,
    memory_mb: int,
    used_mb: int,
    init_ms: float | None,
    outcome: Outcome,
) -> dict[str, object]:
    """The same as a record, for logs of format JSON."""
    status = "timeout" if outcome.timed_out else "error" if outcome.error else "success"
    figures: dict[str, object] = {
        "durationMs": round(duration_ms, 3),
        "billedDurationMs": max(1, math.ceil(duration_ms)),
        "memorySizeMB": memory_mb,
        "maxMemoryUsedMB": used_mb,
    }
    if init_ms is not None:
        figures["initDurationMs"] = round(init_ms, 3)
    kind = {"errorType": outcome.kind} if outcome.kind else {}
    return {"requestId": request_id, "metrics": figures, "status": status, **kind}


def _end(code: int | None) -> str:
    if not code:
        return "Runtime exited without providing a reason"
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        return f"Runtime exited with error: signal: {_SIGNALS.get(number, number)}"
    return f"Runtime exited with error: exit status {code}"


def _json(message: str, kind: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": kind}).encode()


def _stamp(now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
