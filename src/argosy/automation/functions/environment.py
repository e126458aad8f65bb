"""One execution environment of a function: it starts, takes one invocation at a time, and ends.

STARTING → IDLE ⇄ BUSY → ENDED. Whoever made it is told when it is idle again and when it has ended
(`on_idle`, `on_end`); an invocation is told by its future. It decides nothing about others.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from time import perf_counter, time
from typing import Any, Protocol

from argosy.automation.functions import outcome as outcomes
from argosy.automation.functions.invocation import Invocation
from argosy.automation.functions.log import EnvironmentLog
from argosy.automation.functions.memory import MemoryWatch, Watched
from argosy.automation.functions.outcome import Outcome
from argosy.ground.clock import Clock
from argosy.ground.functions import FunctionVersion, Invoked
from argosy.runtimes.function import ANSWER, ERROR, INIT_ERROR, NEXT, READY, TOO_LARGE

INIT_S = 10.0
"""Seconds until the handler must be imported; what takes longer is begun once more, with the
function's own time limit. Source: Lambda Developer Guide, "Init phase"."""


class State(Enum):
    STARTING = auto()
    IDLE = auto()
    BUSY = auto()
    ENDED = auto()


class Talk(Protocol):
    """How the runtime in the environment is spoken to: frames of `runtimes.function`."""

    on_frame: Callable[[bytes, dict[str, Any], bytes], None]
    on_lost: Callable[[], None]

    def send(self, letter: bytes, head: dict[str, Any], body: bytes = b"") -> None: ...

    def close(self) -> None: ...


class Body(Protocol):
    """What the environment consists of: a process in a sandbox, or a container."""

    on_output: Callable[[bytes], float]
    on_exit: Callable[[int | None], None]
    lag_s: float
    """How long what was printed may be on its way."""

    @property
    def pid(self) -> int: ...

    def drain(self) -> None: ...

    def kill(self) -> None: ...


class Environment:
    """A process that is, or becomes, ready to run one version of a function."""

    def __init__(
        self,
        version: FunctionVersion,
        log: EnvironmentLog,
        process: Body,
        clock: Clock,
        watch: MemoryWatch,
    ) -> None:
        self.version = version
        self.process = process
        self.state = State.STARTING
        self.on_idle: Callable[[Environment], None] = lambda environment: None
        self.on_end: Callable[[Environment], None] = lambda environment: None
        self.on_slow: Callable[[Environment, Invocation], None] | None = None
        """Takes the invocation of a start that takes too long; None: the start may take it all."""
        self.on_started: Callable[[], None] = lambda: None
        """Called when it is ready, or has ended before."""
        self.on_gone: Callable[[], None] = lambda: None
        """Called when the process is no more."""
        self.used_kb = 0
        self._log = log
        self._clock = clock
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self.idle_since = self.born = self._loop.time()
        self.talk: Talk | None = None
        self._begun = perf_counter()
        self._init_ms: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._invocation: Invocation | None = None
        self._answer: Outcome | None = None
        """What came of the invocation, while something that it printed may be on its way."""
        self._duration_ms = 0.0
        self._watched = 0
        """The process whose memory is looked at; it may be gone before that is told."""
        self._spoilt = False
        process.on_output = self._printed
        process.on_exit = self._gone

    # -- from outside

    def starting(self, invocation: Invocation | None, limit_s: float) -> None:
        """The process runs and is to get ready within `limit_s`, for this invocation first."""
        assert self.talk is not None
        self.talk.on_frame = self._heard
        self.talk.on_lost = self._lost
        self._invocation = invocation
        self._begun = perf_counter()
        self._log.begin(tail=invocation is not None and invocation.tail)
        self._timer = self._loop.call_later(limit_s, self._start_took_too_long)
        self._watch_memory()

    def begin(self, invocation: Invocation) -> None:
        """Run it; the environment is idle."""
        assert self.talk is not None
        self.state = State.BUSY
        self._invocation = invocation
        if self._init_ms is None:
            self._log.begin(tail=invocation.tail)
        self._say_start(invocation.request_id)
        timeout_s = self.version.timeout_s
        self._begun = perf_counter()
        self._timer = self._loop.call_later(timeout_s, self._timed_out)
        self._watch_memory()
        deadline = int((time() + timeout_s) * 1000)  # what the handler compares with its own clock
        self.talk.send(NEXT, invocation.head(self.version, deadline), invocation.payload)

    def spoil(self) -> None:
        """Not to be used again: ended now, or when it has answered."""
        self._spoilt = True
        if self.state is State.IDLE:
            self.end()

    def end(self) -> None:
        """End it at once, whatever it does."""
        self._finish(None)

    def out_of_memory(self, used_kb: int) -> None:
        """It has taken more than it may."""
        self.used_kb = max(self.used_kb, used_kb)
        invocation = self._invocation
        self._finish(outcomes.out_of_memory(invocation.request_id) if invocation else None)

    @property
    def spoilt(self) -> bool:
        return self._spoilt

    # -- what the runtime says

    def _heard(self, letter: bytes, head: dict[str, Any], body: bytes) -> None:
        memory = head.get("memory")
        if isinstance(memory, int):
            self.used_kb = max(self.used_kb, memory)
        if letter == READY and self.state is State.STARTING:
            self._ready()
        elif letter == INIT_ERROR and self.state is State.STARTING:
            self.process.drain()
            self._finish(outcomes.failed(body))
        elif self.state is State.BUSY and self._is_current(head):
            self._answered(letter, head, body)

    def _is_current(self, head: dict[str, Any]) -> bool:
        if self._invocation is None or self._answer is not None:
            return False
        return head.get("id") == self._invocation.request_id

    def _ready(self) -> None:
        self._stop_timer()
        self.on_started()
        self._init_ms = self._since_begun()
        self.process.drain()
        invocation, self._invocation = self._invocation, None
        if invocation is not None:
            self.begin(invocation)
        else:
            self._become_idle()

    def _answered(self, letter: bytes, head: dict[str, Any], body: bytes) -> None:
        self.process.drain()
        if letter == ANSWER:
            self._answer = Outcome(body)
        elif letter == ERROR:
            self._answer = outcomes.failed(body)
        elif letter == TOO_LARGE:
            size = head.get("size")
            self._answer = outcomes.too_large(size if isinstance(size, int) else 0)
        else:
            return
        self._stop_timer()
        self._duration_ms = self._since_begun()
        if self.process.lag_s:
            self._timer = self._loop.call_later(self.process.lag_s, self._conclude)
        else:
            self._conclude()

    def _conclude(self) -> None:
        """All that it has printed is here."""
        assert self._answer is not None
        self._settle(self._answer)
        self._become_idle()

    def _become_idle(self) -> None:
        self.state = State.IDLE
        self._watch.rest(self._watched)
        self.idle_since = self._loop.time()
        if self._spoilt:
            self.end()
        else:
            self.on_idle(self)

    # -- what goes wrong

    def _start_took_too_long(self) -> None:
        self.process.drain()
        invocation = self._invocation
        if invocation is None:
            self._finish(None)
        elif self.on_slow is not None:
            self._invocation = None
            self._say_slow()
            self._finish(None)
            self.on_slow(self, invocation)
        else:
            self._timed_out()

    def _timed_out(self) -> None:
        self.process.drain()
        assert self._invocation is not None
        request_id = self._invocation.request_id
        self._finish(outcomes.timed_out(request_id, self.version.timeout_s, self._clock.now()))

    def _lost(self) -> None:
        """The channel is closed; the process may have ended, and then says how in a moment."""
        if self.state is not State.ENDED:
            self._stop_timer()
            self._timer = self._loop.call_later(0.2, self._exited, None)

    def _gone(self, code: int | None) -> None:
        """The process is no more."""
        self._exited(code)
        self.on_gone()

    def _exited(self, code: int | None) -> None:
        if self.state is State.ENDED:
            return
        invocation = self._invocation
        self._finish(outcomes.ended(invocation.request_id, code) if invocation else None)

    def _finish(self, outcome: Outcome | None) -> None:
        """The end; `outcome` is that of the invocation, if there is one."""
        if self.state is State.ENDED:
            return
        starting, self.state = self.state is State.STARTING, State.ENDED
        self._stop_timer()
        self._watch.remove(self._watched)
        self.process.kill()
        if self._invocation is not None:
            if starting:
                self._say_start(self._invocation.request_id)
            gone = outcomes.ended(self._invocation.request_id, 128 + 15)
            if self._answer is None:
                self._duration_ms = self._since_begun()
            self._settle(self._answer or outcome or gone)
        self._log.close()
        if starting:
            self.on_started()
        if self.talk is not None:
            self.talk.close()
        self.on_end(self)

    # -- an invocation's end, and the log

    def _settle(self, outcome: Outcome) -> None:
        """Tell the log, and whoever waits."""
        invocation, self._invocation = self._invocation, None
        assert invocation is not None
        self._stop_timer()
        self._answer, duration_ms = None, self._duration_ms
        self._say_end(invocation.request_id, duration_ms, outcome)
        tail = self._log.end()
        self._init_ms = None
        invocation.done(
            Invoked(
                payload=outcome.payload,
                error=outcome.error,
                log_tail=tail if invocation.tail else b"",
                version=self.version.version,
                request_id=invocation.request_id,
                duration_ms=duration_ms,
            )
        )

    def _since_begun(self) -> float:
        return (perf_counter() - self._begun) * 1000

    def _say_start(self, request_id: str) -> None:
        version = self.version.version
        if self.version.log_format == "JSON":
            self._say("start", {"requestId": request_id, "version": version})
        else:
            self._log.line(f"START RequestId: {request_id} Version: {version}")

    def _say_slow(self) -> None:
        if self.version.log_format == "JSON":
            metrics = {"durationMs": INIT_S * 1000}
            self._say("initReport", {"phase": "init", "metrics": metrics, "status": "timeout"})
        else:
            self._log.line(f"INIT_REPORT Init Duration: {INIT_S * 1000:.2f} ms\tStatus: timeout")

    def _say_end(self, request_id: str, duration_ms: float, outcome: Outcome) -> None:
        figures: dict[str, Any] = {
            "duration_ms": duration_ms,
            "memory_mb": self.version.memory_mb,
            "used_mb": min(self.version.memory_mb, -(-self.used_kb // 1024)),
            "init_ms": self._init_ms,
            "outcome": outcome,
        }
        if self.version.log_format == "JSON":
            self._say("report", outcomes.report_record(request_id, **figures))
            return
        if outcome.line:
            self._log.line(outcome.line)
        self._log.line(f"END RequestId: {request_id}")
        self._log.line(outcomes.report(request_id, **figures))

    def _say(self, kind: str, record: dict[str, object]) -> None:
        """A record of the platform; with SystemLogLevel WARN only of what went wrong."""
        if self.version.system_log_level != "WARN" or record.get("status", "success") != "success":
            self._log.line(outcomes.platform_event(kind, self._clock.now(), record))

    def _printed(self, data: bytes) -> float:
        self._log.output(data)
        return self._log.breath()

    def _watch_memory(self) -> None:
        def tell(used_kb: int) -> None:
            self._loop.call_soon_threadsafe(self.out_of_memory, used_kb)

        self._watched = self.process.pid
        self._watch.add(Watched(self._watched, self.version.memory_mb << 10, tell))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
