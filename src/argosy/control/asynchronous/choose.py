"""Who takes the next request: a variant by weight, then its instance with most room. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """An instance, and how many requests it may take now."""

    instance: str
    variant: str
    free: int


def next_instance(rooms: Sequence[Room], weights: Mapping[str, float], draw: float) -> str | None:
    """The instance that takes a request; None when there is no room for it.

    Only variants with room share what comes, in proportion to their weights; one with a weight of
    0 takes nothing. `draw`: a random number in [0, 1).
    """
    best: dict[str, Room] = {}
    for room in rooms:
        if room.free > 0 and weights.get(room.variant, 0.0) > 0:
            held = best.get(room.variant)
            if held is None or room.free > held.free:
                best[room.variant] = room
    if not best:
        return None
    place = draw * sum(weights[variant] for variant in best)
    for variant, room in best.items():
        place -= weights[variant]
        if place < 0:
            return room.instance
    return room.instance
