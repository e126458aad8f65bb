"""One request on its way through the gateway: what is known of it so far."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, unquote

from argosy.automation.gateway.errors import Refused
from argosy.ground.doors import DoorRequest

_MOST_PARAMETERS = 10_000
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The stage that a request came to."""

    kind: str
    """"rest" or "http"."""
    account: str
    region: str
    api_id: str
    api_name: str
    stage: str
    variables: dict[str, str] = field(default_factory=dict)
    deployment: str = ""

    def arn(self, rest: str) -> str:
        """`rest`: "GET/pets/{id}" and the like."""
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage}/{rest}"


@dataclass(slots=True)
class Exchange:
    """Filled in by one after the other."""

    request: DoorRequest
    place: Place
    path: str
    """Below the stage, decoded: "/pets/1"."""
    received: float
    """Epoch seconds."""
    begun: float = field(default_factory=perf_counter)
    raw_path: str = ""
    """The same as it came, percent-encoded."""
    own_path: str = ""
    """With the stage, as the client's own path was where it named the stage; decoded in an HTTP
    API, and as it came in a REST API."""
    resource_path: str = ""
    """"/pets/{id}"; the route's key in an HTTP API."""
    resource_id: str = ""
    operation_name: str = ""
    path_parameters: dict[str, str] = field(default_factory=dict)
    raw_parameters: dict[str, str] = field(default_factory=dict)
    """Those of a REST API as they stand in its path."""
    authorizer: dict[str, Any] = field(default_factory=dict)
    principal: str = ""
    api_key: str = ""
    api_key_id: str = ""
    log_level: str = ""
    """Of execution logs: "", "ERROR" or "INFO"."""
    number: str = field(default_factory=lambda: new_number())
    """x-amz-apigw-id."""
    integration_s: float = 0.0
    integration_status: int = 0
    error: str = ""
    error_kind: str = ""
    _query: list[tuple[str, str]] | None = None
    _trace: str = ""

    @property
    def query(self) -> list[tuple[str, str]]:
        """Names and values, decoded, in order. Raises Refused for too many."""
        if self._query is None:
            self._query = _pairs(self.request.query)
        return self._query

    @property
    def single_query(self) -> dict[str, str]:
        """The last value of each name."""
        return dict(self.query)

    @property
    def single_headers(self) -> dict[str, str]:
        """The last value of each header, by lower-case name."""
        return dict(self.request.headers)

    @property
    def written_headers(self) -> dict[str, str]:
        """The last value of each header, by its name as the client wrote it."""
        written = self.request.written
        return {written.get(name, name): value for name, value in self.request.headers}

    @property
    def media_type(self) -> str:
        """The request's Content-Type without its parameters, "application/json" where none is."""
        given = self.request.header("content-type") or ""
        return given.partition(";")[0].strip().lower() or "application/json"

    @property
    def told_id(self) -> str:
        """The id that clients, functions and logs are told: of an HTTP API its Apigw-Requestid."""
        return self.number if self.place.kind == "http" else self.request.request_id

    @property
    def trace(self) -> str:
        """The X-Amzn-Trace-Id that came, or a new one."""
        if not self._trace:
            new = f"Root=1-{int(self.received):08x}-{secrets.token_hex(12)}"
            self._trace = self.request.header("x-amzn-trace-id") or new
        return self._trace

    @property
    def host(self) -> str:
        return self.request.header("host") or ""

    @property
    def user_agent(self) -> str | None:
        return self.request.header("user-agent")

    @property
    def time(self) -> str:
        """As requestTime has it: 09/Apr/2015:12:34:56 +0000."""
        at = datetime.fromtimestamp(self.received, UTC)
        month = _MONTHS[at.month - 1]
        return f"{at.day:02}/{month}/{at.year}:{at.hour:02}:{at.minute:02}:{at.second:02} +0000"


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Refused("BAD_REQUEST_PARAMETERS", "Too many query parameters") from None


def new_number() -> str:
    """An id as x-amz-apigw-id has."""
    return base64.urlsafe_b64encode(secrets.token_bytes(9)).decode() + "EHeg="


def decoded(text: str) -> str:
    """A percent-encoded part of a path, as text."""
    return unquote(text) if "%" in text else text
