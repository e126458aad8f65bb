"""How the pieces of an object become the parts of its upload. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from argosy.agent.porter.transform.numbering import PART
from argosy.objects.multipart import MIN_PART

_MERGED = 8 << 20


class Piece(TypedDict):
    """Output that is durable already: of the input [start, end)."""

    start: int
    end: int
    kind: str
    number: int
    etag: str
    uri: str
    bytes: int


@dataclass
class PartPlan:
    """A part: one that is there already, or temporaries that shall become one."""

    number: int
    etag: str = ""
    pieces: list[Piece] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(piece["bytes"] for piece in self.pieces)


def plan_parts(pieces: Sequence[Piece]) -> list[PartPlan]:
    """The parts of the object, in order. Pieces are in order and leave no gap.

    Raises ValueError when they cannot be put together.
    """
    plans: list[PartPlan] = []
    group: list[Piece] = []
    for piece in pieces:
        if piece["kind"] == PART:
            plans += _merged(group, followed=True)
            group = []
            plans.append(PartPlan(piece["number"], piece["etag"]))
        elif piece["bytes"]:
            group.append(piece)
    plans += _merged(group, followed=False)
    numbers = [plan.number for plan in plans]
    if numbers != sorted(set(numbers)):
        raise ValueError("the numbers of its parts do not rise")
    return plans


def _merged(group: list[Piece], *, followed: bool) -> list[PartPlan]:
    """Temporaries as parts of enough bytes each; only the object's last one may have fewer."""
    plans: list[PartPlan] = []
    left = sum(piece["bytes"] for piece in group)
    if group and followed and left < MIN_PART:
        raise ValueError("a part follows on too little")
    for piece in group:
        if plans and _may_begin(piece, plans[-1], left, followed=followed):
            plans.append(PartPlan(piece["number"], pieces=[piece]))
        elif plans:
            plans[-1].pieces.append(piece)
        else:
            plans.append(PartPlan(piece["number"], pieces=[piece]))
        left -= piece["bytes"]
    return plans


def _may_begin(piece: Piece, last: PartPlan, left: int, *, followed: bool) -> bool:
    """Whether a new part may begin with this piece."""
    enough = last.bytes >= _MERGED and (left >= MIN_PART or not followed)
    return enough and piece["number"] > last.number
