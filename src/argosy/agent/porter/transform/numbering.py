"""Which part number a piece of output has, and whether it can be a part of the upload at all.

Pieces of an object are written by several runs, each knowing only its own. What is written early
is either a *part* of the multipart upload or a *temporary* object that is merged into parts later
(`merging`). For that to work out, every group of temporaries in front of a part has to have 5 MiB,
and numbers must rise with the position: a number is its position's share of the object, so that
runs need not agree about them. Source of the limits: S3 API reference, UploadPart.
"""

from dataclasses import dataclass

from argosy.objects.multipart import MAX_NUMBER, MIN_PART

_NUMBERS = MAX_NUMBER - 2
PART, TEMPORARY = "part", "temp"


@dataclass
class Numbering:
    """The pieces of one run, in order.

    number: the first that it may use. last: the last one. size: of the object, when positions are
    its bytes; 0 when they are not, then numbers go up one by one.
    """

    start: int
    number: int
    last: int
    size: int
    before: int = 0
    """Bytes of own temporaries since the last own part; irrelevant behind a part."""
    behind_part: bool = False
    used: int = 0

    def __post_init__(self) -> None:
        self.behind_part = self.start == 0

    def piece(self, start: int, end: int, size: int, *, final: bool) -> tuple[str, int]:
        """Kind and number of the output of [start, end); `final`: the object ends there."""
        number = max(self.number, self._of(start))
        kind = self._kind(number, end, size, final=final)
        if size:
            self.used = number
            self.behind_part = kind == PART
            self.before = 0 if kind == PART else self.before + size
        if size and not self.size:
            self.number = min(number + 1, self.last)
        return kind, number

    def _kind(self, number: int, end: int, size: int, *, final: bool) -> str:
        if not size or not (self.behind_part or self.before >= MIN_PART):
            return TEMPORARY
        if number <= self.used or not (final or self._has_room(number, end)):
            return TEMPORARY
        return PART if final or size >= MIN_PART else TEMPORARY

    def _has_room(self, number: int, end: int) -> bool:
        """Whether what follows on a part of this number gets a higher one."""
        return self._of(end) > number if self.size else number < self.last

    def _of(self, position: int) -> int:
        """The number that belongs to a position."""
        return 1 + position * _NUMBERS // self.size if self.size else self.number
