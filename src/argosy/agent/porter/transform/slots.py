"""As many invocations of the model at once as a job allows, each with its retries.

A timeout, a lost connection and answers of 500 and above are tried again, others are not
(ModelClientConfig; reference/async-and-batch.md B6).
"""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from argosy.agent.porter.transform.batch import Body
from argosy.agent.porter.transform.caller import Answer, Caller, Late
from argosy.agent.porter.transform.failures import (
    CannotTransform,
    GivenUp,
    ModelLost,
    ModelRefused,
)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_TEXT = 1000


@dataclass(frozen=True)
class Patience:
    """ModelClientConfig."""

    timeout_s: float = 600.0
    retries: int = 3


@dataclass
class Invocation:
    """A request that was handed in; `result` waits for its end."""

    head: Mapping[str, str]
    body: Body
    given_up: Callable[[], bool]
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    error: BaseException | None = None

    def result(self) -> Answer:
        """The answer. Raises CannotTransform, GivenUp."""
        while not self.done.wait(0.5):
            if self.given_up():
                raise GivenUp
        if self.answer is None:
            assert self.error is not None
            raise self.error
        return self.answer


class Slots:
    """`count` threads, each with connections of its own."""

    def __init__(self, count: int, addresses: tuple[str, ...], patience: Patience) -> None:
        self._patience = patience
        self._queue: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(Caller(addresses),), daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, head: Mapping[str, str], body: Body, given_up: Callable[[], bool]
    ) -> Invocation:
        """Have the model asked, in turn."""
        invocation = Invocation(head, body, given_up)
        self._queue.put(invocation)
        return invocation

    def close(self) -> None:
        """End the threads as soon as they are idle."""
        self._closed.set()
        for _ in self._threads:
            self._queue.put(None)

    def _serve(self, caller: Caller) -> None:
        while (invocation := self._queue.get()) is not None:
            try:
                invocation.answer = self._ask(caller, invocation)
            except (Exception, GivenUp) as error:
                invocation.error = error
            invocation.body = []
            invocation.done.set()
            del invocation
        caller.close()

    def _ask(self, caller: Caller, invocation: Invocation) -> Answer:
        pause = _FIRST_PAUSE_S
        for attempt in range(self._patience.retries + 1):
            if invocation.given_up() or (attempt and self._closed.wait(pause)):
                raise GivenUp
            answer, failure = self._attempt(caller, invocation)
            if answer is not None:
                return answer
            assert failure is not None
            if isinstance(failure, ModelRefused) and 400 <= failure.status < 500:
                break
            pause = min(pause * (2 if attempt else 1), _LONGEST_PAUSE_S)
        assert failure is not None
        raise failure

    def _attempt(
        self, caller: Caller, invocation: Invocation
    ) -> tuple[Answer | None, CannotTransform | None]:
        try:
            answer = caller.ask(invocation.head, invocation.body, self._patience.timeout_s)
        except Late:
            limit = self._patience.timeout_s
            return None, ModelRefused(f"the model did not answer within {limit:g} seconds", 504)
        except OSError as error:
            return None, ModelLost(f"the connection to the model was lost: {error}")
        if 200 <= answer.status < 300:
            return answer, None
        text = message_of(b"".join(answer.body))
        return None, ModelRefused(f"{answer.status}: {text}".rstrip(": "), answer.status)


def message_of(body: bytes) -> str:
    """What an error's body says, shortened: `error-message` of our runtimes' JSON, or its text."""
    text = body[: 16 * _TEXT].decode("utf-8", "replace").strip()
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if isinstance(said, dict):
        for name in ("error-message", "message"):
            if isinstance(said.get(name), str) and said[name]:
                text = said[name]
                break
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
