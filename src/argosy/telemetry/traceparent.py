"""The header that ties the spans of one request together: W3C Trace Context. Pure."""

import re
from random import getrandbits
from typing import NamedTuple

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


class Place(NamedTuple):
    """A span within its trace."""

    trace_id: int
    span_id: int
    sampled: bool

    def within(self) -> "Place":
        """A new span of the same trace."""
        return Place(self.trace_id, _new_id(64), self.sampled)

    @property
    def header(self) -> str:
        """As traceparent tells it."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"


def place_of(traceparent: str) -> Place | None:
    """The caller's span; None for a header that is not there or not one, which is ignored."""
    match = _FORM.fullmatch(traceparent.strip())
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    trace_id, span_id = int(match[2], 16), int(match[3], 16)
    if not trace_id or not span_id:
        return None
    return Place(trace_id, span_id, bool(int(match[4], 16) & _SAMPLED))


def new_place() -> Place:
    """The first span of a new trace, sampled."""
    return Place(_new_id(128), _new_id(64), True)


def _new_id(bits: int) -> int:
    return getrandbits(bits) or 1
