"""What every connection shares: the table, the keys, the budgets, and where each request goes.

A request passes here twice: `begin` when its head is there, `dispatch` when its body is. Errors
are raised below and put on the wire here, in one place.
"""

import asyncio
import logging
from email.utils import formatdate
from time import perf_counter, time
from typing import TYPE_CHECKING

from argosy.access.dialects import Dialect, dialect_of
from argosy.access.errors import AuthError
from argosy.access.sigv4 import scope_hint
from argosy.edge import answers, texts
from argosy.edge.backends import Backends
from argosy.edge.discard import Discard
from argosy.edge.fleet import Fleet
from argosy.edge.holding import Holding
from argosy.edge.identify import Identifier
from argosy.edge.intake import Intake
from argosy.edge.invoker import Invoker
from argosy.edge.metrics import Metrics
from argosy.edge.recorder import Recorder
from argosy.edge.request import Request
from argosy.edge.route import DOOR_KINDS, RUNTIME_KINDS, Kind, Route, route
from argosy.edge.shadow import Shadows
from argosy.edge.shape import Shapes
from argosy.edge.table import Table
from argosy.ground.errors import (
    ApiError,
    InternalFailure,
    RequestTooLong,
    ServiceUnavailable,
    ValidationError,
    ValidationException,
)
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

if TYPE_CHECKING:
    from argosy.edge.connection import Connection

log = logging.getLogger(__name__)

CONTROL_LIMIT = 10 * 1024 * 1024
CODE_LIMIT = 70_167_211
"""Bytes of a request with a function's code: a zip of 50 MB in base64 (Lambda: quotas)."""
_CODE_PATHS = ("/2015-03-31/functions", "/2018-10-31/layers")
_MIB = 1024 * 1024
_SCOPES = {Kind.GATEWAY: "execute-api", Kind.FUNCTION_URL: "lambda"}
_LIMITS = {Kind.FUNCTION_URL: 6 * _MIB}
_PLAIN_KINDS = DOOR_KINDS | {Kind.NOTEBOOK, Kind.NOTEBOOK_LINK}
_NO_ROOM = "Too many bytes are waiting. Try again."


class Gate:
    """The heart of one edge process."""

    def __init__(self, settings: Settings, backends: Backends) -> None:
        self.loop = asyncio.get_running_loop()
        self.settings = settings
        self.connections: set[Connection] = set()
        self.max_payload = settings.max_payload_mb * _MIB
        self.max_in_flight = settings.max_in_flight
        self.now = self.loop.time()
        """Loop time of the last sweep: near enough for what is measured in seconds."""
        self.stamp = b""
        """Date and request id of an answer, up to the number that `next_number` gives."""
        self.table = Table()
        self.has_table = asyncio.Event()
        self.shapes = Shapes()
        self.metrics = Metrics()
        self.holding = Holding(self)
        self.fleet = Fleet(self.metrics, self._serve, self.holding.look)
        self.identifier = Identifier(time(), settings.region)
        self._ids = answers.RequestIds()
        self.request_id = self._ids.next
        self.next_number = self._ids.next_number
        self._backends = backends
        self.intake = Intake(self, backends.intake_socket)
        self.recorder = Recorder(self, DataDir.at(settings.data_dir).captures)
        self.shadows = Shadows(self)
        self.invoker = Invoker(self)
        self._buffered = 0
        self._buffer_limit = settings.edge_buffer_mb * _MIB
        self.tick()

    # -- the table

    def _serve(self, table: Table) -> None:
        if table.keys != self.identifier.keys:
            self.identifier.take_keys(table.keys)
        self.table = table
        self.shadows.take(table)
        self._backends.notebooks.take(table.notebooks)
        self.has_table.set()
        self.on_table(table.version)
        self.holding.look()

    def on_table(self, version: int) -> None:
        """Replaced by the feed, which tells control."""

    # -- a request's head

    def begin(self, request: Request) -> None:
        """The head is complete and it is this request's turn."""
        try:
            self._begin(request)
        except (ApiError, AuthError) as error:
            self.answer_error(request, error)
        except Exception:
            self.stumbled(request)

    def _begin(self, request: Request) -> None:
        expect = request.header("expect")
        request.expects = expect is not None and expect.lower() == b"100-continue"
        found = request.route = self._route(request)
        if found.kind is Kind.STORE:
            self._backends.to_store(self, request)
            return
        if found.kind is Kind.REGISTRY:
            self._backends.to_registry(self, request, self.identifier.of_basic(request))
            return
        if found.kind is Kind.NOTEBOOK:
            self._backends.notebooks.begin(self, request, found.endpoint)
            return
        request.limit = self._limit(request, found.kind)
        length = request.text("content-length")
        if (length and int(length) > request.limit) or request.size > request.limit:
            raise self._too_large(request)
        if request.expects and not request.complete:
            self.go_on(request)

    def _limit(self, request: Request, kind: Kind) -> int:
        """The most bytes that its body may have."""
        if kind in RUNTIME_KINDS:
            return self.max_payload
        if kind is Kind.CONTROL and request.path.startswith(_CODE_PATHS):
            return CODE_LIMIT
        return _LIMITS.get(kind, CONTROL_LIMIT)

    def go_on(self, request: Request) -> None:
        """Ask the client for the body it holds back."""
        if request.expects:
            request.expects = False
            request.connection.write(request, answers.CONTINUE)

    def _route(self, request: Request) -> Route:
        if not request.target.startswith(b"/"):
            raise ValidationException("The request target must be a path.")
        target = request.header("x-amz-target")
        return route(
            request.method.decode(),
            request.path,
            request.query,
            scope_hint(request.text("authorization"), request.query),
            None if target is None else target.decode("latin-1"),
            request.text("content-type"),
            request.text("host"),
        )

    def _too_large(self, request: Request) -> ApiError:
        text = texts.body_too_large(request.limit)
        kind = Kind.CONTROL if request.route is None else request.route.kind
        if kind in DOOR_KINDS:
            return RequestTooLong("Request Too Long")
        if request.route is not None and kind not in RUNTIME_KINDS:
            return ValidationException(text)
        return ValidationError(text)

    # -- the body

    def hold_bytes(self, request: Request, size: int) -> None:
        """Count a piece of a body that is collected; refuse what is too much."""
        if request.limit and request.size > request.limit:
            self._drop(request, self._too_large(request))
        elif self._buffered + size > self._buffer_limit:
            self._drop(request, ServiceUnavailable(_NO_ROOM))
        else:
            self._buffered += size
            request.held += size

    def hold_whole(self, request: Request, size: int) -> None:
        """Count a request that stays here for a while by its size, small pieces included.

        Raises ServiceUnavailable when there is no room.
        """
        more = size - request.held
        if self._buffered + more > self._buffer_limit:
            raise ServiceUnavailable(_NO_ROOM)
        self._buffered += more
        request.held = size

    def _drop(self, request: Request, error: ApiError) -> None:
        request.parts = []
        request.sink = Discard(request.connection)
        self.answer_error(request, error)

    def free_bytes(self, request: Request) -> None:
        self._buffered -= request.held
        request.held = 0

    def free_body(self, request: Request) -> None:
        """The body will not be needed again."""
        request.parts = []
        self.free_bytes(request)

    # -- a whole request

    def dispatch(self, request: Request) -> None:
        """The request is complete and it is its turn."""
        try:
            if request.known is None or not self.invoker.quick(request, request.known):
                self._dispatch(request)
        except (ApiError, AuthError) as error:
            self.answer_error(request, error)
        except Exception:
            self.stumbled(request)

    def _dispatch(self, request: Request) -> None:
        if request.route is None:
            request.route = self._route(request)
        kind, endpoint = request.route
        if kind in RUNTIME_KINDS:
            self.invoker.careful(request, kind, endpoint)
        elif kind is Kind.HEALTH:
            self._backends.health(self, request)
        elif kind is Kind.RESET:
            self._backends.reset(self, request)
        elif kind is Kind.METRICS:
            self._backends.metrics(self, request)
        elif kind is Kind.LINK:
            self._backends.to_control(self, request, self.identifier.of_nobody("sns"))
        elif kind is Kind.NOTEBOOK_LINK:
            self._backends.to_door(self, request, endpoint, self.identifier.of_nobody("sagemaker"))
        elif kind in DOOR_KINDS:
            scope = _SCOPES[kind]
            self._backends.to_door(
                self, request, endpoint, self.identifier.of_guest(request, scope)
            )
        else:
            caller = self.identifier.of_whole(request)
            self._backends.to_control(self, request, caller)

    # -- errors

    def dialect(self, request: Request) -> Dialect:
        """How this client wants to read its error."""
        found = request.route
        service = scope_hint(request.text("authorization"), request.query)
        if found is not None and found.kind is Kind.REGISTRY:
            return Dialect.OCI
        if found is not None and found.kind in _PLAIN_KINDS:
            return Dialect.DOOR
        if found is not None and found.kind is Kind.STORE:
            service = "s3"
        target = request.header("x-amz-target")
        return dialect_of(
            service,
            request.method.decode(),
            request.path,
            None if target is None else target.decode("latin-1"),
        )

    def answer_error(self, request: Request, error: ApiError | AuthError) -> None:
        """Put an error on the wire as the client's dialect wants it."""
        dialect = self.dialect(request)
        members = {}
        if isinstance(error, AuthError) and not self.has_table.is_set():
            # Nothing is known yet of keys: clients try 503 again, and give up at a wrong key.
            error = ServiceUnavailable("The platform is starting. Try again.")
        if isinstance(error, AuthError):
            status, code, message = error.told(dialect)
        else:
            status, code, message = error.status, error.code, error.message
            members = error.members
        data = answers.error(
            dialect,
            status,
            code,
            message,
            request.request_id or self.request_id(),
            members,
            close=not request.keep_alive or (request.expects and not request.complete),
            head_only=request.method == b"HEAD",
        )
        request.connection.answer(request, data)

    def stumbled(self, request: Request) -> None:
        """Answer a request that the edge itself failed at; for use where an exception is caught."""
        request.request_id = request.request_id or self.request_id()
        number = request.request_id.decode()
        log.exception("request %s: the edge failed", number)
        self.answer_error(request, InternalFailure(f"The edge failed; see its log for {number}."))

    def refusal(self, status: int, code: str, message: str) -> bytes:
        """The answer to something that is no request."""
        return answers.error(Dialect.JSON, status, code, message, self.request_id(), close=True)

    # -- time

    def tick(self) -> None:
        """Move the clocks; called about twice a second."""
        self.now = self.loop.time()
        self.identifier.now = time()
        self.stamp = b"Date: %b\r\nx-amzn-RequestId: %b" % (
            formatdate(usegmt=True).encode(),
            self._ids.prefix,
        )

    def sweep(self) -> None:
        """End what takes too long, everywhere."""
        self.tick()
        for connection in tuple(self.connections):
            connection.sweep(self.now)
        self.fleet.sweep(perf_counter())
        self.holding.sweep(perf_counter())
        self.intake.sweep()
        self.recorder.sweep()
        self._backends.sweep(self.now)
