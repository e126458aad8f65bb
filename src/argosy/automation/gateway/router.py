"""Finds what answers a path: fixed parts before variables, variables before greedy ones. Pure."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Node(Generic[T]):
    """What may follow a part of a path."""

    fixed: dict[str, "Node[T]"] = field(default_factory=dict)
    variables: dict[str, "Node[T]"] = field(default_factory=dict)
    greedy: dict[str, "Node[T]"] = field(default_factory=dict)
    leaves: dict[str, T] = field(default_factory=dict)
    """By method."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What answers, and where in the path its variables stand."""

    leaf: T
    places: dict[str, slice]
    """Which parts of the path each variable has taken."""

    def variables(self, parts: list[str]) -> dict[str, str]:
        """The values of the path's variables, from the parts of a path of this form."""
        return {name: "/".join(parts[place]) for name, place in self.places.items()}


class Router(Generic[T]):
    """The paths of one stage."""

    def __init__(self) -> None:
        self._root: Node[T] = Node()

    def add(self, path: str, method: str, leaf: T) -> None:
        """`/pets/{id}`, `/{proxy+}`; of two leaves at one place the later one stays."""
        node = self._root
        for part in parts_of(path):
            node = _child(node, part)
        node.leaves[method] = leaf

    def find(self, parts: list[str], methods: tuple[str, ...]) -> Found[T] | None:
        """`methods`: those that would do, the best first."""
        places: dict[str, slice] = {}
        leaf = _search(self._root, parts, 0, methods, places)
        return None if leaf is None else Found(leaf, places)


def parts_of(path: str) -> list[str]:
    """The parts of a path; those of "/" are none."""
    path = path.removeprefix("/")
    return path.split("/") if path else []


def _child(node: Node[T], part: str) -> Node[T]:
    if not part.startswith("{"):
        return node.fixed.setdefault(part, Node())
    if part.endswith("+}"):
        return node.greedy.setdefault(part[1:-2], Node())
    return node.variables.setdefault(part[1:-1], Node())


def _search(
    node: Node[T], parts: list[str], at: int, methods: tuple[str, ...], places: dict[str, slice]
) -> T | None:
    if at == len(parts):
        return next((node.leaves[name] for name in methods if name in node.leaves), None)
    below = node.fixed.get(parts[at])
    if below is not None:
        leaf = _search(below, parts, at + 1, methods, places)
        if leaf is not None:
            return leaf
    for name, below in node.variables.items():
        if parts[at]:
            leaf = _search(below, parts, at + 1, methods, places)
            if leaf is not None:
                places[name] = slice(at, at + 1)
                return leaf
    return _greedy(node, parts, at, methods, places)


def _greedy(
    node: Node[T], parts: list[str], at: int, methods: tuple[str, ...], places: dict[str, slice]
) -> T | None:
    """A greedy variable takes all that is left."""
    for name, below in node.greedy.items():
        leaf = next((below.leaves[one] for one in methods if one in below.leaves), None)
        if leaf is not None:
            places[name] = slice(at, len(parts))
            return leaf
    return None
