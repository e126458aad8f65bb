"""Which requests are captured, and their way to the spool: sampled, bounded, never waited for.

What is captured is held in memory for a moment, handed to the spool's thread in batches, and
uploaded by control (`argosy.control.capturing`). When memory or disk is short, requests are
answered and not captured; they are counted as `capture_dropped` of their variant. Payloads are
never logged.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from random import random
from time import time
from typing import TYPE_CHECKING

from argosy.edge.metrics import Counters
from argosy.edge.spool import Batch, Spool, SpoolThread
from argosy.ground.routes import CaptureEntry
from argosy.ground.spool import BEGIN, END, HEAD, Place

if TYPE_CHECKING:
    from argosy.edge.gate import Gate
    from argosy.edge.table import Variant

_MIB = 1024 * 1024
_HOUR_S = 3600
_PAUSE_S = 0.005
_BATCH_S = 0.05
_FAREWELL_S = 3.0
_UNIT = 1024
"""Bytes that a record takes in memory besides its payloads, about."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What is captured of a variant, as the routing table says."""

    share: float
    """Of its requests, 0 to 1."""
    input: bool
    output: bool
    line: bytes
    """The first line of its spool files."""


def capture_for(entry: CaptureEntry, endpoint: str, variant: str) -> Capture:
    """`variant`: its name, or that of the inference component."""
    place: Place = {
        "destination": entry["destination"],
        "endpoint": endpoint,
        "variant": variant,
        "input": entry["input"],
        "output": entry["output"],
        "csv": entry["csv"],
        "json": entry["json"],
        "kms_key": entry["kms_key"],
    }
    line = json.dumps(place).encode() + b"\n"
    return Capture(entry["percentage"] / 100.0, entry["input"], entry["output"], line)


class Recorder:
    """Everything that one edge captures."""

    def __init__(self, gate: "Gate", folder: Path) -> None:
        settings = gate.settings
        self._gate = gate
        self._folder = folder
        self._delay_s = settings.capture_delay_s
        self._spool_bytes = settings.capture_spool_mb * _MIB
        self._free_bytes = settings.capture_free_mb * _MIB
        self._limit = settings.capture_buffer_mb * _MIB
        self._held = 0
        self._waiting = 0
        """Bytes held for what is pending or in the batch."""
        self._pending: list[tuple[Recording, bytes, list[bytes]]] = []
        self._batch: Batch = {}
        self._sizes: dict[int, int] = {}
        self._thread: SpoolThread | None = None
        self._counters: dict[bytes, Counters] = {}

    def wants(self, variant: "Variant") -> bool:
        """Whether this request of the variant is to be captured."""
        capture = variant.capture
        if capture is None or (capture.share < 1.0 and random() >= capture.share):
            return False
        if self._held >= self._limit or (self._thread is not None and self._thread.full):
            variant.counters.capture_dropped += 1
            return False
        return True

    def hold(self, size: int) -> bool:
        """Count bytes that are kept for a record; False when there is no room for them."""
        if self._held + size > self._limit:
            return False
        self._held += size
        return True

    def free(self, size: int) -> None:
        """They are kept no longer."""
        self._held -= size

    def add(self, recording: "Recording", head: bytes, output: list[bytes], size: int) -> None:
        """Write down a request and its answer, a little later: the answer leaves first, and a turn
        of the loop for each would cost more. `size`: of all that was held for it."""
        if not self._pending:
            self._gate.loop.call_later(_PAUSE_S, self._pack)
        self._pending.append((recording, head, output))
        self._waiting += size

    def _pack(self) -> None:
        pending, self._pending = self._pending, []
        if pending and not self._batch:
            self._gate.loop.call_later(_BATCH_S, self._hand_over)
        for recording, head, output in pending:
            capture, asked = recording.capture, recording.asked
            given = recording.parts if capture.input else []
            taken = output if capture.output else []
            lengths = len(asked), sum(map(len, given)), len(head), sum(map(len, taken))
            key = capture.line, int(recording.at // _HOUR_S)
            begin = HEAD.pack(BEGIN, recording.at, *lengths)
            chunks = self._batch.setdefault(key, [])
            chunks += (begin, asked, *given, head, *taken, END)
            self._counters[capture.line] = recording.counters

    def _hand_over(self) -> None:
        self._pack()
        batch, self._batch = self._batch, {}
        if not batch:
            return
        self._sizes[id(batch)], self._waiting = self._waiting, 0
        if self._thread is None:
            spool = Spool(self._folder, self._delay_s, self._spool_bytes, self._free_bytes)
            self._thread = SpoolThread(spool, self._written)
        self._thread.write(batch)

    def _written(self, batch: Batch, lost: dict[bytes, int]) -> None:
        """Called in the thread."""
        self._gate.loop.call_soon_threadsafe(self._settle, batch, lost)

    def _settle(self, batch: Batch, lost: dict[bytes, int]) -> None:
        self._held -= self._sizes.pop(id(batch))
        for line, count in lost.items():
            self._counters[line].capture_dropped += count
        if not (self._sizes or self._batch or self._pending):
            self._counters.clear()

    def sweep(self) -> None:
        """Have files completed in time; called about twice a second."""
        if self._thread is not None:
            self._thread.write({})

    def close(self) -> None:
        """Write everything down; nothing is captured afterwards."""
        self._hand_over()
        if self._thread is not None:
            self._thread.close(_FAREWELL_S)


class Recording:
    """One request that is captured if it is answered well."""

    __slots__ = (
        "_held",
        "_output",
        "answered",
        "asked",
        "at",
        "capture",
        "counters",
        "parts",
        "recorder",
        "size",
    )

    def __init__(
        self, recorder: Recorder, variant: "Variant", asked: bytes, parts: list[bytes], size: int
    ) -> None:
        """`parts`: the body, `size` bytes together."""
        assert variant.capture is not None
        self.recorder = recorder
        self.capture = variant.capture
        self.counters = variant.counters
        self.at = time()
        self.asked = asked
        self.parts = parts
        self.size = size
        self.answered = b""
        """Head of a streamed answer's first piece."""
        self._held = 0
        self._output: list[bytes] | None = []
        """None once it was given up."""

    def piece(self, body: bytes) -> None:
        """The next piece of a streamed answer."""
        if self._output is None:
            return
        size = len(body) if self._held else len(body) + _UNIT + self.size
        if self.recorder.hold(size):
            self._held += size
            self._output.append(body)
        else:
            self.counters.capture_dropped += 1
            self.give_up()

    def whole(self, head: bytes, body: bytes) -> None:
        """The whole answer."""
        self.piece(body)
        self.end(head)

    def end(self, head: bytes) -> None:
        """The answer is complete."""
        if self._output is not None:
            self.recorder.add(self, head, self._output, self._held)
            self._output, self._held = None, 0

    def give_up(self) -> None:
        """There will be no answer to write down."""
        self.recorder.free(self._held)
        self._output, self._held = None, 0
        self.parts = []
