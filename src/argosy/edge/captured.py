"""Invocations of every kind, and the same kinds with what they say written down.

Only what is answered well is captured: a failed request has no answer to compare with. Of a
pipeline it is what the client sent and what the last container answered.
"""

from typing import TYPE_CHECKING

from argosy.edge.invocation import Invocation
from argosy.edge.pipeline import Pipeline
from argosy.edge.recorder import Recording
from argosy.edge.request import Request
from argosy.edge.table import Endpoint, Variant
from argosy.edge.targeted import Targeted
from argosy.runtimes import frames

if TYPE_CHECKING:
    from argosy.edge.gate import Gate


class Captured(Invocation):
    """Hears the client's answer before it is forgotten, and what ends a stream early.

    In the classes below it stands right above `Invocation`, beneath what leads there: it hears
    neither agents nor the containers in the middle of a pipeline.
    """

    recording: Recording

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        done = super().answered(kind, status, head, body, now)
        if kind == frames.PART and self.begun:
            self.recording.piece(body)
            self.recording.answered = self.recording.answered or head
        elif kind == frames.RESPONSE and 0 < status < 400:
            if len(body) <= self.gate.max_payload:
                self.recording.whole(head, body)
        elif kind == frames.END and status < 400:
            self.recording.end(self.recording.answered)
        return done

    def abandon(self) -> None:
        super().abandon()
        self.recording.give_up()

    def _break_stream(self, code: str, text: str) -> None:
        super()._break_stream(code, text)
        self.recording.give_up()


class CapturedTargeted(Targeted, Captured):
    """A captured invocation of one model among many."""


class CapturedPipeline(Pipeline, Captured):
    """A captured invocation of several containers."""


def invocation_of(
    gate: "Gate",
    request: Request,
    endpoint: Endpoint,
    variant: Variant,
    asked: int,
    head: bytes,
    target: bytes,
) -> Invocation:
    """The invocation that carries a request to a variant, of the kind that both need."""
    recorded = variant.capture is not None and gate.recorder.wants(variant)
    call: Invocation
    if variant.chains or variant.models is not None:
        kind: type[Targeted]
        if variant.chains:
            kind = CapturedPipeline if recorded else Pipeline
        else:
            kind = CapturedTargeted if recorded else Targeted
        call = kind(gate, request, endpoint, variant, asked, head, target)
    else:
        single = Captured if recorded else Invocation
        call = single(gate, request, endpoint, variant, asked, head)
    if isinstance(call, Captured):
        call.recording = Recording(gate.recorder, variant, head, request.parts, request.size)
    return call
