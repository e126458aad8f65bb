"""Which instance of a variant is asked for a model, and by which link if it is loaded there."""

from argosy.edge import choose
from argosy.edge.library import LibraryLink, ModelLink

_ORDERS = 4096


class Models:
    """The instances of a variant that serve many models."""

    __slots__ = ("_libraries", "_orders")

    def __init__(self, libraries: list[LibraryLink]) -> None:
        self._libraries = libraries
        self._orders: dict[bytes, list[LibraryLink]] = {}

    def warm(self, target: bytes, limit: int) -> ModelLink | None:
        """A link to the loaded model, if that is all there is to think of."""
        for library in self._order(target):
            link = library.warm.get(target)
            if link is not None and link.ready:
                few = limit if len(self._libraries) == 1 else min(limit, choose.BUSY_MODEL)
                if len(link.pending) < few:
                    library.use(target)
                    return link
        return None

    def pick(self, target: bytes, limit: int) -> LibraryLink | None:
        """The instance to ask; None when all are away, or have `limit` requests open."""
        order = self._order(target)
        index = choose.for_model([_standing(library, target) for library in order], limit)
        return None if index is None else order[index]

    def _order(self, target: bytes) -> list[LibraryLink]:
        """The instances, the one where the model is at home first."""
        if len(self._libraries) == 1:
            return self._libraries
        order = self._orders.get(target)
        if order is None:
            names = [library.instance_id for library in self._libraries]
            order = [self._libraries[i] for i in choose.homes(target, names)]
            if len(self._orders) >= _ORDERS:
                self._orders.clear()
            self._orders[target] = order
        return order


def _standing(library: LibraryLink, target: bytes) -> choose.Standing:
    link = library.warm.get(target)
    return choose.Standing(
        ready=library.ready,
        load=library.load,
        warm=None if link is None or not link.ready else link.load,
    )
