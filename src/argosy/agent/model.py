"""A model being served: its worker and the connection to it, from the start to the end.

Every wait ends early when the worker does; then CannotServe says why.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from argosy.agent import reasons
from argosy.agent.link import Link
from argosy.agent.watch import Watch
from argosy.agent.worker import Worker

_CONNECT_EVERY_S = 0.005
_CLOSED_S = 1.0
_TERMINATE_S = 2.0


class CannotServe(Exception):
    """The instance will never, or not any more, serve; the text is one sentence on why."""


class ModelProcess:
    """A worker that runs, and the agent's link to it once it listens."""

    def __init__(self, watch: Watch, worker: Worker, memory_mb: int) -> None:
        self._watch = watch
        self._memory_mb = memory_mb
        self._link: Link | None = None
        self._asked = self._healthy_at = 0.0
        self.worker = worker

    @property
    def gone(self) -> bool:
        """Whether it is of no more use."""
        return self.worker.ended or (self._link is not None and self._link.closed)

    def connect(
        self, socket: Path, deadline: float, sooner: Callable[[], bool] = lambda: False
    ) -> None:
        """Connect as soon as the worker listens; returns unconnected when `sooner()`."""
        while self._link is None and not sooner():
            if self.worker.ended:
                raise self._end()
            if time.monotonic() > deadline:
                raise CannotServe("The model process did not start in time.")
            self._link = Link.connect(self._watch, socket)
            if self._link is None:
                soon = time.monotonic() + _CONNECT_EVERY_S
                self._watch.until(lambda: sooner() or self.worker.ended, soon)

    def load(
        self,
        base_dir: str,
        environment: dict[str, str],
        deadline: float,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Load the model from base_dir/model; returns when it answers invocations.

        more: further members of the order, for this kind of worker.
        """
        link = self._connected
        link.load(f"{base_dir}/model", environment, base_dir, more)
        if not self._await(lambda: link.loaded is not None, deadline):
            raise CannotServe("The model did not load within its start-up time limit.")
        loaded = link.loaded or {}
        if loaded.get("ok") is not True:
            raise CannotServe(_sentence(str(loaded.get("reason") or "the model does not load")))

    def keep_pinging(
        self, interval_s: float, limit_s: float, after_each: Callable[[], None]
    ) -> None:
        """Ping for ever; raises CannotServe at the worker's end, or when for `limit_s` seconds
        no ping was answered well."""
        link = self._connected
        healthy_at = time.monotonic()
        while True:
            asked = time.monotonic()
            link.ping()
            answered = self._await(lambda: not link.pings_open, healthy_at + limit_s)
            if answered and link.healthy:
                healthy_at = asked
            elif time.monotonic() >= healthy_at + limit_s:
                raise CannotServe(f"It did not pass a health check for {limit_s:g} s.")
            after_each()
            self._await(lambda: False, asked + interval_s)

    def ping_when_due(self, interval_s: float, limit_s: float) -> None:
        """The same, a step at a time: to be called again and again."""
        link, now = self._connected, time.monotonic()
        if not self._asked:
            self._healthy_at = now
        if not link.pings_open:
            if self._asked and link.healthy:
                self._healthy_at = self._asked
            if now >= self._asked + interval_s:
                self._asked = now
                link.ping()
        if now >= self._healthy_at + limit_s:
            raise CannotServe(f"It did not pass a health check for {limit_s:g} s.")

    def stop(self, drain_s: float) -> None:
        """Let the worker answer what is open, at most that long, then end it."""
        if self._link is not None and not self.gone:
            self._link.drain()
            self._wait_for_end(drain_s)
        if not self.worker.ended:
            self.worker.terminate()
            self._wait_for_end(_TERMINATE_S)
        self.kill()

    def kill(self) -> None:
        """End the worker now. Idempotent."""
        self.worker.kill()
        if self._link is not None:
            self._link.close()

    @property
    def _connected(self) -> Link:
        if self._link is None:
            raise CannotServe("The model process does not listen.")
        return self._link

    def _await(self, happened: Callable[[], bool], deadline: float) -> bool:
        """Wait; False when the deadline came first. Raises CannotServe when the worker ended."""
        if not self._watch.until(lambda: happened() or self.gone, deadline):
            return False
        if not happened():
            raise self._end()
        return True

    def _end(self) -> CannotServe:
        """Why it is gone."""
        self._wait_for_end(_CLOSED_S)
        if not self.worker.ended:
            return CannotServe("The model process closed the agent's connection.")
        return CannotServe(reasons.exit_cause(self.worker.status, self._memory_mb))

    def _wait_for_end(self, seconds: float) -> None:
        self._watch.until(lambda: self.worker.ended, time.monotonic() + seconds)


def _sentence(text: str) -> str:
    """The worker's words, which may begin with a file's name, as a sentence."""
    return f"Cause: {text}" + ("" if text.endswith((".", "!", "?")) else ".")
