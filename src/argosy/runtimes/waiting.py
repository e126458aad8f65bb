"""Requests that wait for the model, in the order they came, those of one form together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from argosy.runtimes.answers import Body

MOST_REQUESTS = 1024
MOST_BYTES = 4 << 20


class Request(NamedTuple):
    """One question of one asker; `connection` is whom to answer."""

    connection: Any
    request_id: int
    streams: bool
    head: bytes
    body: Body


class Waiting:
    """A queue that gives out batches."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, deque[Request]] = {}
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, form: Hashable, request: Request) -> None:
        group = self._groups.get(form)
        if group is None:
            group = self._groups[form] = deque()
        group.append(request)
        self.bytes += len(request.body)

    def take(self) -> tuple[Hashable, list[Request]]:
        """The oldest form and what may be answered at once of it: never an empty batch.

        What is too much for one batch goes behind the other forms.
        """
        form = next(iter(self._groups))
        group = self._groups.pop(form)
        batch = [group.popleft()]
        size = len(batch[0].body)
        if form is not None:
            while group and len(batch) < MOST_REQUESTS and size + len(group[0].body) <= MOST_BYTES:
                batch.append(group.popleft())
                size += len(batch[-1].body)
        if group:
            self._groups[form] = group
        self.bytes -= size
        return form, batch

    def cancel(self, connection: Any, request_id: int) -> None:
        """Forget a request that has not begun; one that is unknown is none of ours any more."""
        self._keep(lambda one: one.connection is not connection or one.request_id != request_id)

    def drop(self, connection: Any) -> None:
        """Forget every request of a connection that is gone."""
        self._keep(lambda one: one.connection is not connection)

    def _keep(self, wanted: Callable[[Request], bool]) -> None:
        kept = {form: deque(filter(wanted, group)) for form, group in self._groups.items()}
        self._groups = {form: group for form, group in kept.items() if group}
        self.bytes = sum(len(one.body) for group in self._groups.values() for one in group)
