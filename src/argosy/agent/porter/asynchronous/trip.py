"""One request: its payload from the store through the model's containers and back to the store.

Where its answer lies is fixed before it begins; it is written once under that name, and a request
that was given out before is looked for there first. A store that is away is no failure: the trip
ends with StoreAway, and is made again. Rules: reference/async-and-batch.md A2, A3.
"""

import base64
import contextlib
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from argosy.agent.porter.asynchronous.model import Answer, BrokeOff, Content, ModelLine, TimedOut
from argosy.agent.porter.asynchronous.report import MOST_IN_NOTICE, Outcome, Times
from argosy.agent.porter.asynchronous.types import OCTETS, type_of
from argosy.ground.instances import InstanceSpec
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectExists, StoreAway, StoreError
from argosy.objects.explanation import explanation, text_of
from argosy.objects.reading import ObjectReader
from argosy.objects.uri import S3Uri, parse_s3_uri
from argosy.runtimes import frames

MOST_BYTES = 1 << 30
"""Of a payload, and of an answer."""
_SMALL = 4 << 20
"""An answer up to this size is written in one request, and never over another one."""
_PIECE = 1 << 20
_ERROR_TEXT = 64 * 1024
_REASON_TEXT = 1024
_OK_BELOW = 400

Order = dict[str, Any]
"""What control says is to be done (ARCHITECTURE.md)."""


class _Failed(Exception):
    """The request cannot be answered."""

    def __init__(self, kind: str, reason: str, text: bytes = b"", status: int = 0) -> None:
        super().__init__(reason)
        self.outcome = Outcome(
            False, kind=kind, reason=reason, text=text or reason.encode(), status=status
        )


class Trip:
    """Carries one order out, over the lines of one slot."""

    def __init__(
        self, spec: InstanceSpec, store: ObjectStore, lines: Sequence[ModelLine], order: Order
    ) -> None:
        self._spec = spec
        self._store = store
        self._lines = lines
        self._order = order
        self._output = parse_s3_uri(order["output"])
        self._times = Times()
        self._once = not order.get("named")
        """A name that the client chose may be taken already: then it is written over."""

    def go(self) -> Outcome:
        """How it ended; the answer, or why there is none, is in the store then.

        Raises StoreAway when the store does not answer, Broken when the model's process ended.
        """
        try:
            if self._order.get("again") and self._once:
                found = self._found()
                if found is not None:
                    return found
            return self._answered()
        except _Failed as failure:
            return self.fail(failure.outcome)

    def fail(self, outcome: Outcome) -> Outcome:
        """Write down why there is no answer. Raises StoreAway."""
        self._tell_failure(outcome)
        return self._with_response(outcome, outcome.text)

    # -- what was done before

    def _found(self) -> Outcome | None:
        """How it ended when it was given out before, if it did."""
        try:
            info = self._store.head(self._output)
        except StoreAway:
            raise
        except StoreError:
            return self._found_failure()
        return Outcome(True, content_type=info.content_type)

    def _found_failure(self) -> Outcome | None:
        place = self._failure_place()
        try:
            text = self._store.get(place, _ERROR_TEXT) if place else b""
        except StoreAway:
            raise
        except StoreError:
            return None
        if place is None:
            return None
        told = text_of(text)
        return Outcome(False, kind="invocation", reason=told[:_REASON_TEXT], text=told.encode())

    # -- there

    def _answered(self) -> Outcome:
        begun = time.monotonic()
        reader, content, stored_type = self._payload()
        try:
            answer = self._ask(content, stored_type, begun)
        finally:
            if reader is not None:
                reader.close()
        return self._keep(answer)

    def _payload(self) -> tuple[ObjectReader | None, Content, str]:
        """Where the payload is read from, and the type it was stored with. Raises _Failed."""
        if self._order.get("body") is not None:
            body = base64.b64decode(self._order["body"])
            return None, Content(len(body), [body]), ""
        place = self._order["input"]
        try:
            reader = self._store.open(parse_s3_uri(place))
        except StoreAway:
            raise
        except StoreError as error:
            raise _Failed("download", f"ClientError: Failed to download {place}: {error}") from None
        if reader.info.size > MOST_BYTES:
            reader.close()
            raise _Failed(
                "download",
                f"ClientError: {place} has {reader.info.size} bytes, more than the 1 GiB that a "
                "payload may have.",
            )
        stored_type = type_of(reader.info.content_type, place)
        return reader, Content(reader.info.size, _pieces(reader)), stored_type

    def _ask(self, content: Content, stored_type: str, begun: float) -> Answer:
        """The last container's answer. Raises _Failed, Broken."""
        head = self._head(stored_type)
        content = Content(content.size, self._noting(content, begun))
        last = self._lines[-1]
        for line, container in zip(self._lines, self._spec.containers, strict=True):
            answer = self._ask_one(line, container.name, head, content, last=line is last)
            asked = begun + self._times.download_us / 1e6
            self._times.model_us = int((time.monotonic() - asked) * 1e6)
            if answer.status >= _OK_BELOW:
                raise self._refused(answer, container.name)
            content, head = answer.content, _next_head(head, answer.head)
        return answer

    def _ask_one(
        self, line: ModelLine, container: str, head: bytes, content: Content, *, last: bool
    ) -> Answer:
        timeout_s = float(self._order["timeout_s"])
        try:
            # What comes before the last one has to be whole: the next one is told its size.
            left_s = timeout_s - self._times.model_us / 1e6
            return line.ask(head, content, left_s, parts=last)
        except TimedOut:
            raise _Failed(
                "invocation",
                f"ModelError: The model did not answer within {timeout_s:g} s "
                f"(InvocationTimeoutSeconds); container {container}.",
            ) from None
        except StoreAway:
            raise
        except StoreError as error:
            raise _Failed(
                "download", f"ClientError: Failed to download {self._order['input']}: {error}"
            ) from None

    def _noting(self, content: Content, begun: float) -> Iterator[bytes]:
        """The content; when all of it was taken the time is noted."""
        yield from content.pieces
        self._times.download_us = int((time.monotonic() - begun) * 1e6)

    def _head(self, stored_type: str) -> bytes:
        order = self._order
        fields = {
            "content-type": order.get("content_type") or stored_type or OCTETS,
            "accept": order.get("accept") or "",
            "custom-attributes": order.get("custom_attributes") or "",
            "inference-id": order["inference_id"],
        }
        kept = {n: v for n, v in fields.items() if v or n in ("content-type", "accept")}
        return frames.encode_head(kept)

    def _refused(self, answer: Answer, container: str) -> _Failed:
        """What the model said with an error status."""
        text = b"".join(_first(answer.content, _ERROR_TEXT))
        kind = "client" if answer.status < 500 else "server"
        source = "ClientError" if kind == "client" else "ModelError"
        told = text.decode("utf-8", "replace")
        group = self._spec.log_group
        start = f"{source}: Received {kind} error ({answer.status}) from {container} with message "
        end = f". See {group} in account {self._spec.account} for more information."
        reason = f'{start}"{told[:_REASON_TEXT]}"{end}'
        whole = f'{start}"{told}"{end}'.encode()
        return _Failed("invocation", reason, whole, answer.status)

    # -- and back

    def _keep(self, answer: Answer) -> Outcome:
        """Put the answer where it belongs. Raises _Failed, StoreAway, Broken."""
        begun = time.monotonic()
        content_type = answer.fields.get("content-type") or OCTETS
        try:
            body = self._write(answer.content, content_type)
        except StoreAway:
            raise
        except (TimedOut, BrokeOff) as error:
            why = str(error) or "it took too long"
            raise _Failed("invocation", f"ModelError: The answer broke off: {why}.") from None
        except StoreError as error:
            raise _Failed(
                "upload", f"ClientError: Failed to write {self._output}: {error}"
            ) from None
        self._times.upload_us = int((time.monotonic() - begun) * 1e6)
        good = Outcome(True, content_type=content_type, status=answer.status, times=self._times)
        return good if body is None else self._with_response(good, body)

    def _write(self, content: Content, content_type: str) -> bytes | None:
        """The answer, if it is small; a large one is written as it comes."""
        begin: list[bytes] = []
        pieces, size = iter(content.pieces), 0
        for piece in pieces:
            begin.append(piece)
            size += len(piece)
            if size > _SMALL:
                break
        else:
            body = b"".join(begin)
            self._put(body, content_type)
            return body
        with self._store.writing(self._output, content_type) as writer:
            for piece in chain(begin, pieces):
                writer.write(piece)
                if writer.written > MOST_BYTES:
                    text = "ModelError: The answer is larger than the 1 GiB that it may have."
                    raise _Failed("invocation", text)
        return None

    def _put(self, body: bytes, content_type: str) -> None:
        # Written by another instance, or by ourselves when the store's word was lost.
        with contextlib.suppress(ObjectExists):
            self._store.put(self._output, body, content_type, new=self._once)

    def _with_response(self, outcome: Outcome, body: bytes) -> Outcome:
        """With what the notice shall hold."""
        wanted = outcome.good in (self._order.get("respond") or ())
        response = body if wanted and len(body) <= MOST_IN_NOTICE else None
        content_type = outcome.content_type or "text/plain"
        return Outcome(
            **{
                **vars(outcome),
                "content_type": content_type,
                "response": response,
                "times": self._times,
            }
        )

    def _tell_failure(self, outcome: Outcome) -> None:
        """Write the failure object, if there is a place for it that can be written to."""
        place = self._failure_place()
        if place is None:
            return
        try:
            told = outcome.text.decode("utf-8", "replace")
            body, content_type = explanation(told, str(self._order.get("accept") or ""))
            self._store.put(place, body, content_type, new=self._once)
        except StoreAway:
            raise
        except StoreError:
            return  # the bucket is not there: the notice and the data log say what happened

    def _failure_place(self) -> S3Uri | None:
        failure = self._order.get("failure")
        return parse_s3_uri(failure) if failure else None


def _pieces(reader: ObjectReader) -> Iterator[bytes]:
    left = reader.info.size
    while left and (piece := reader.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece


def _first(content: Content, most: int) -> Iterator[bytes]:
    """The first bytes of a content; the rest is read and dropped."""
    for piece in content.pieces:
        yield piece[:most]
        most = max(0, most - len(piece))


def _next_head(asked: bytes, answered: bytes) -> bytes:
    """What a pipeline's next container is told: as the client asked, with the content type (and
    the custom attributes) of the last answer."""
    passed_on = ("content-type", "custom-attributes")
    answer = frames.decode_head(answered)
    mixed = frames.decode_head(asked) | {n: answer[n] for n in passed_on if n in answer}
    return frames.encode_head(mixed)
