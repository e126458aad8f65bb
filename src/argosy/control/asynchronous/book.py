"""What control knows of asynchronous endpoints: their plans and their lines of requests."""

from collections.abc import Iterable

from argosy.control.asynchronous.line import Line
from argosy.control.asynchronous.plans import QueuePlan
from argosy.ground.clock import Clock
from argosy.state.async_requests import AsyncRequests


class Book:
    """Endpoints by the names of their queues. A queue without an endpoint is dropped."""

    def __init__(self, requests: AsyncRequests, clock: Clock) -> None:
        self.requests = requests
        self.clock = clock
        self.plans: dict[str, QueuePlan] = {}
        self.lines: dict[str, Line] = {}
        self.open: set[str] = set()
        """Queues of which it is known what is out."""
        self._old = requests.newest
        for queue, size in requests.sizes().items():
            self.lines[queue] = self._line(queue, size)

    def _line(self, queue: str, size: int = 0) -> Line:
        return Line(queue, size, self.requests.after, self._old)

    def take(self, plans: Iterable[QueuePlan]) -> None:
        """These are the endpoints now. Raises StorageError."""
        self.plans = {plan.queue: plan for plan in plans}
        for queue in [queue for queue in self.lines if queue not in self.plans]:
            self.requests.drop(queue)
            del self.lines[queue]
            self.open.discard(queue)
        for queue in self.plans:
            if queue not in self.lines:
                self.lines[queue] = self._line(queue)
