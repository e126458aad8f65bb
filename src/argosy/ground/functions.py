"""What of a function is needed to run it, and what running it gave: plain data.

Made by `state/functions.py`, used by the engine (`automation/functions`) and by whoever invokes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.ground.errors import ServiceException

LATEST = "$LATEST"

MAX_ANSWER = 6 << 20
"""Bytes of a payload and of an answer of a synchronous invocation (Lambda: quotas)."""


@dataclass(frozen=True, kw_only=True)
class FunctionVersion:
    """One version of a function, ready to run.

    Two values with the same `arn` and another `revision` are the same function before and after
    a change of its code or configuration: environments of the older one are not used again.
    """

    account: str
    region: str
    name: str
    version: str = LATEST
    """"$LATEST" or a number."""
    arn: str
    """Of this version: with its number, or without a qualifier for $LATEST."""
    invoked_arn: str = ""
    """As it was asked for: with the alias, if one was."""
    revision: str = ""
    code_sha256: str = ""
    """Hex; names the unpacked tree in `DataDir.functions`."""
    layers: tuple[str, ...] = ()
    """Hex, in order: unpacked trees in the same place; later ones lie over earlier ones."""
    layer_arns: tuple[str, ...] = ()
    handler: str = ""
    runtime: str = ""
    timeout_s: float = 3
    memory_mb: int = 128
    ephemeral_mb: int = 512
    environment: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    """ARN of the role whose credentials are inside."""
    log_group: str = ""
    """"" means /aws/lambda/<name>."""
    log_format: str = "Text"
    """"Text" or "JSON"."""
    log_level: str = ""
    """Of the application, for "JSON" only."""
    system_log_level: str = ""
    tracing: str = "PassThrough"
    reserved_concurrency: int | None = None
    """Of the function, all versions together; None: it shares what the account has."""
    provisioned: int = 0
    state: str = "Active"
    package_type: str = "Zip"


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """What an invocation gave."""

    payload: bytes
    error: Literal["", "Handled", "Unhandled"] = ""
    """"" when the function answered; else the payload is JSON about the error."""
    log_tail: bytes = b""
    """The last 4 KB of its log, when they were asked for."""
    version: str = LATEST
    request_id: str = ""
    duration_ms: float = 0.0


class Functions(Protocol):
    """Whoever runs functions."""

    async def invoke(
        self,
        version: FunctionVersion,
        payload: bytes,
        *,
        tail: bool = False,
        client_context: str = "",
        request_id: str = "",
        trace: str = "",
    ) -> Invoked:
        """Run the version with this payload, and wait for its end: at most its own time limit and
        that of its start.

        `client_context` is JSON text; `request_id` becomes the function's ("" makes one); `trace`
        is an X-Amzn-Trace-Id. A function that fails is an answer. Cancelled, the invocation goes
        on and nobody hears of it. Raises TooManyRequestsException when as many run already as may,
        and ServiceException when no environment can be made.
        """
        ...


class NoFunctions:
    """In the place of an engine where there is none."""

    async def invoke(
        self,
        version: FunctionVersion,
        payload: bytes,
        *,
        tail: bool = False,
        client_context: str = "",
        request_id: str = "",
        trace: str = "",
    ) -> Invoked:
        """Raises ServiceException."""
        raise ServiceException(f"Nothing here runs {version.name}.")
