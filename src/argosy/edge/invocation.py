"""One invocation: from the checked request to the model's answer.

The usual way — a plain InvokeEndpoint with a plain answer — runs through `Invocation.start` and
`Invocation.answered`, and those are written to be short in time. Texts of errors:
reference/endpoints.md §9.
"""

import logging
from time import perf_counter
from typing import TYPE_CHECKING

from argosy.edge import texts
from argosy.edge.eventstream import CONTENT_TYPE, payload_part, stream_error
from argosy.edge.link import Link
from argosy.edge.request import Request
from argosy.edge.table import Endpoint, Variant
from argosy.ground.errors import ApiError, ModelError, ServiceUnavailable
from argosy.ground.names import log_group_arn
from argosy.runtimes import frames

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

_WRITE_APART = 64 * 1024
_LOST = 500
"""What a request counts as that its instance did not answer."""
_ANSWER = b"%b%b%012x\r\nContent-Length: %d\r\n\r\n%b"


class Invocation:
    """A request on its way through an instance; the `Call` of a link."""

    __slots__ = (
        "again",
        "begun",
        "call_id",
        "endpoint",
        "gate",
        "head",
        "kind",
        "link",
        "request",
        "sent",
        "variant",
    )

    def __init__(
        self,
        gate: "Gate",
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        kind: int,
        head: bytes,
    ) -> None:
        self.gate = gate
        self.request = request
        self.endpoint = endpoint
        self.variant = variant
        self.kind = kind
        self.head = head
        self.again = False
        """It was sent to a second instance because the first one died."""
        self.begun = False
        """The first piece of a streamed answer is out."""

    @property
    def container(self) -> str:
        """Whose answer is waited for, as errors name it."""
        return self.variant.container

    def start_anywhere(self) -> bool:
        """Begin on the instance with least to do; False when none can take it."""
        link = self.variant.pick(self.gate.max_in_flight)
        if link is not None:
            self.start(link)
        return link is not None

    def start(self, link: Link) -> None:
        """Hand the request to an instance."""
        request = self.request
        request.waiter = self
        self.link = link
        self.sent = perf_counter()
        self.variant.counters.enter(self.sent)
        self.call_id = link.send(self, self.kind, self.head, request.parts, request.size)

    # -- what the link reports

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        """A frame came; True when it was the last one."""
        if kind != frames.RESPONSE or self.kind != frames.REQUEST or not 0 < status < 400:
            return self._unusual(kind, status, head, body, now)
        request, variant, gate = self.request, self.variant, self.gate
        prefix = variant.heads.get(head)
        if prefix is None:
            prefix = variant.keep_head(head, texts.answer_head(variant.production_variant, head))
        size = len(body)
        if size > gate.max_payload:
            return self._too_large(size, now)
        number, connection = gate.next_number(), request.connection
        if size < _WRITE_APART:
            connection.answer(request, _ANSWER % (prefix, gate.stamp, number, size, body))
        else:
            connection.write(request, _ANSWER % (prefix, gate.stamp, number, size, b""))
            connection.answer(request, body)
        variant.counters.answered(self.sent, now, request.begun)
        return True

    def lost(self, link: Link) -> None:
        """The instance is gone. What it had not begun to answer goes to another one, once."""
        self.variant.counters.leave(perf_counter())
        if self.begun:
            self._break_stream("StreamBroken", "The instance stopped while it was answering.")
            return
        if self.again or not self._start_again():
            self.variant.counters.unanswered(_LOST)
            name = self.variant.name
            self._fail(ServiceUnavailable(texts.no_instance(self.endpoint.name, name)))

    def _start_again(self) -> bool:
        """Go to another instance of the variant as it is now; False when there is none.

        Where two fleets serve, the old one is asked first: the new one may die of every request.
        """
        mine = self.variant
        variant = self.gate.table.variant(self.endpoint.key, mine.name, mine.container) or mine
        twin = variant.twin
        for one in (twin, variant) if variant.newer else (variant, twin):
            other = None if one is None else one.pick(self.gate.max_in_flight)
            if one is not None and other is not None:
                self.again = True
                if one.counters is not mine.counters:
                    mine.counters.unanswered(_LOST)  # guards shall see what this fleet does
                self.variant = one
                self.start(other)
                return True
        return False

    def overdue(self, link: Link) -> None:
        """The model took too long; the link has cancelled the call."""
        self.variant.counters.leave(perf_counter())
        if self.begun:
            self._break_stream("ModelInvocationTimeExceeded", "The model stopped sending.")
            return
        self.variant.counters.unanswered(_LOST)
        self._fail(self._model_error(0, texts.timed_out(self.container)))

    # -- what the connection reports

    def abandon(self) -> None:
        """The client is gone: free the slot."""
        self.variant.counters.leave(perf_counter())
        self.link.cancel(self.call_id)

    def body(self, data: bytes) -> None:
        """A streamed answer is going out; the request was complete long ago."""

    def end(self) -> None:
        """See `body`."""

    def pause(self) -> None:
        """A client that does not take its stream may lag behind by one payload, not more."""
        connection = self.request.connection
        if connection.transport.get_write_buffer_size() > self.gate.max_payload:
            self.abandon()
            connection.abort()

    def resume(self) -> None:
        """Nothing was held back."""

    # -- everything but a plain answer

    def _unusual(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        if kind == frames.PART:
            return self._piece(head, body, now)
        self.variant.counters.leave(now)
        if kind == frames.END:
            self._end_stream(status, body, now)
        elif kind != frames.RESPONSE or not 0 < status < 400:
            self._model_failed(status, body, now)
        else:
            self._begin_stream(head)
            if body:
                self._send(payload_part(body))
            self._finish_stream(now)
        return True

    def _model_failed(self, status: int, body: bytes, now: float) -> None:
        counters = self.variant.counters
        counters.measured(now - self.sent, self.sent - self.request.begun)
        counters.failed(status)
        self._fail(self._model_error(status, body.decode("utf-8", "replace")))

    def _too_large(self, size: int, now: float) -> bool:
        self.variant.counters.leave(now)
        self.variant.counters.unanswered(_LOST)
        text = f"The response of {size} bytes is larger than {self.gate.max_payload} bytes"
        self._fail(self._model_error(0, text, cut=True))
        return True

    def _model_error(self, status: int, text: str, *, cut: bool = False) -> ModelError:
        endpoint = self.endpoint
        group = self.variant.log_group
        return ModelError(
            texts.model_error(status, self.container, text, group, endpoint.account, cut),
            OriginalStatusCode=status,
            OriginalMessage=text,
            LogStreamArn=log_group_arn(endpoint.region, endpoint.account, group),
            ErrorCode="CLIENT_ERROR_FROM_MODEL"
            if 400 <= status < 500
            else "INTERNAL_FAILURE_FROM_MODEL",
        )

    def _fail(self, error: ApiError) -> None:
        self.gate.answer_error(self.request, error)

    # -- streams

    def _begin_stream(self, head: bytes) -> None:
        self.begun = True
        request = self.request
        request.sink = self
        headers = {
            "Content-Type": CONTENT_TYPE,
            "x-amzn-RequestId": self.gate.request_id().decode(),
            **texts.stream_headers(self.variant.production_variant, head),
            "Transfer-Encoding": "chunked",
        }
        request.connection.write(request, texts.head(200, headers, None))

    def _piece(self, head: bytes, body: bytes, now: float) -> bool:
        if self.kind != frames.STREAM:
            self.variant.counters.leave(now)
            self._model_failed(500, b"The model streamed an answer that was not asked for.", now)
            return True
        if not self.begun:
            self._begin_stream(head)
            self.gate.free_body(self.request)
        self.sent = now
        if body:
            self._send(payload_part(body))
        return False

    def _end_stream(self, status: int, body: bytes, now: float) -> None:
        if status >= 400 and not self.begun:
            self._model_failed(status, body, now)
        elif status >= 400:
            self._break_stream("StreamBroken", body.decode("utf-8", "replace"))
        else:
            if not self.begun:
                self._begin_stream(b"")
            self._finish_stream(now)

    def _send(self, message: bytes) -> None:
        request = self.request
        request.connection.write(request, b"%x\r\n%b\r\n" % (len(message), message))

    def _finish_stream(self, now: float) -> None:
        self._close_stream()
        self.variant.counters.measured(now - self.sent, self.sent - self.request.begun)

    def _break_stream(self, code: str, text: str) -> None:
        self.variant.counters.unanswered(_LOST)
        self._send(stream_error(code, text))
        self._close_stream()

    def _close_stream(self) -> None:
        self.request.sink = None
        self.request.connection.answer(self.request, b"0\r\n\r\n")
