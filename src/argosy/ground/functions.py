"""What of a function is needed to run it, and what running it gave: plain data.

Made by `state/functions.py`, used by the engine (`automation/functions`) and by whoever invokes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.ground.errors import ArgosyError, ServiceException
from argosy.ground.instances import PulledImage

LATEST = "$LATEST"

MAX_ANSWER = 6 << 20
"""Bytes of a payload and of an answer of a synchronous invocation (Lambda: quotas)."""


ZIP, IMAGE = "Zip", "Image"
"""Types of packages."""


class NoImage(ArgosyError):
    """There is no such image for a function; the text says why."""


@dataclass(frozen=True, kw_only=True)
class FunctionImage:
    """The image of a function, as it was found when its name was looked up."""

    uri: str
    """As it was asked for."""
    resolved: str
    """The same by its digest."""
    digest: str
    """Hex, of the manifest; where the engine knows none, of the configuration."""
    engine_id: str
    """By which the container engine knows it."""
    pulled: PulledImage | None = None
    """What it consists of, when it is one of this platform's registry."""


@dataclass(frozen=True, kw_only=True)
class ImageStart:
    """What is run of an image in the place of its own settings; None is what the image says."""

    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    folder: str = ""
    """Working folder; "" is the image's."""


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
    package_type: str = ZIP
    image: FunctionImage | None = None
    """For the package type Image; then there is no code, layer, handler and runtime."""
    image_start: ImageStart = ImageStart()


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

    async def image(self, uri: str, pulled: PulledImage | None) -> FunctionImage:
        """Returns once the container engine has the image and functions can be made of it.

        pulled: what it consists of, if it is one of this platform's registry; else the engine has
        it, or pulls it. Cancelled, that goes on, and the next call finds it. Raises NoImage, and
        ServiceException when the engine does not answer.
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

    async def image(self, uri: str, pulled: PulledImage | None) -> FunctionImage:
        """Raises NoImage."""
        raise NoImage(f"Nothing here runs {uri}.")
