"""The loop that keeps processes running until a signal says stop.

One thread, no handlers: signals are blocked and taken one by one, so nothing happens between two
lines of it. Between signals it sleeps; it wakes for a restart that is due, while something has yet
to become ready, and once a minute to trim logs.
"""

import signal
import time
from collections.abc import Callable, Sequence

from argosy.ground.errors import ArgosyError
from argosy.supervisor.child import Child, last_lines, trim_log

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WATCHED = {signal.SIGCHLD, *STOPPING}
_PROBE_EVERY_S = 0.02
_NOT_YET_S = 0.05
_TRIM_EVERY_S = 60.0
_STARTING_DEATHS = 3
_STARTING_S = 60.0


def block_signals() -> None:
    """From now on signals wait until `next_signal` asks for them."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)


def next_signal(timeout_s: float) -> signal.Signals | None:
    """The next signal, SIGCHLD included, or None when none came in time."""
    taken = signal.sigtimedwait(_WATCHED, max(timeout_s, 0.0))
    return None if taken is None else signal.Signals(taken.si_signo)


class Watch:
    """Keeps `children` running; `note` gets a sentence for everything a person should know."""

    def __init__(
        self, children: Sequence[Child], note: Callable[[str], None], on_change: Callable[[], None]
    ) -> None:
        self._children = children
        self._note = note
        self._on_change = on_change
        self._trimmed = time.monotonic()
        self._serving = False

    def until_ready(self, ready: Callable[[], bool]) -> bool:
        """Start everything and wait; False when told to stop before all was ready.

        Raises ArgosyError with the end of its log when a process does not come up.
        """
        deadline = time.monotonic() + _STARTING_S
        while not ready():
            self._give_up_on_the_hopeless(deadline)
            if not self._turn(_PROBE_EVERY_S):
                return False
        self._serving = True
        return True

    def until_stopped(self) -> None:
        """Restart what dies until SIGTERM, SIGINT or SIGHUP."""
        while self._turn(self._pause()):
            pass

    def _turn(self, pause_s: float) -> bool:
        """Start what is due, sleep, look who died; False when told to stop."""
        self._start_due()
        taken = next_signal(pause_s)
        if taken in STOPPING:
            return False
        self._reap()
        self._trim()
        return True

    def _start_due(self) -> None:
        now = time.monotonic()
        started = False
        for child in self._children:
            if not child.running and child.due <= now:
                if child.start(now):
                    started = True
                else:
                    child.due = now + _NOT_YET_S
        if started and self._serving:
            self._on_change()

    def _reap(self) -> None:
        for child in self._children:
            status = child.reap(time.monotonic())
            if status is not None:
                self._note(f"{child.name} {_ended(status)}; starting it again.")

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed > _TRIM_EVERY_S:
            self._trimmed = time.monotonic()
            for child in self._children:
                trim_log(child.log)

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [child.due - now for child in self._children if not child.running]
        if not all(child.settled() for child in self._children if child.running):
            waits.append(_NOT_YET_S)
        return min([_TRIM_EVERY_S, *waits])

    def _give_up_on_the_hopeless(self, deadline: float) -> None:
        for child in self._children:
            if child.record.deaths >= _STARTING_DEATHS:
                raise ArgosyError(_hopeless(child, "keeps dying"))
        if time.monotonic() > deadline:
            logs = self._children[0].log.parent
            raise ArgosyError(f"Not ready after {_STARTING_S:.0f} s; what happened is in {logs}.")


def end(
    children: Sequence[Child],
    patience_s: float,
    note: Callable[[str], None],
    *,
    hurried: bool = False,
) -> bool:
    """SIGTERM to all, then `wait_ended`; `hurried` kills at once. Returns whether to hurry on."""
    for child in children:
        child.send(signal.SIGKILL if hurried else signal.SIGTERM)
    return wait_ended(children, patience_s, note) or hurried


def wait_ended(children: Sequence[Child], patience_s: float, note: Callable[[str], None]) -> bool:
    """Return when all have ended; SIGKILL after that time, or when a signal tells us to hurry.

    Returns whether we were told to hurry; `note` hears of what had to be killed.
    """
    deadline = time.monotonic() + patience_s
    hurried = False
    while any(child.running for child in children):
        told = next_signal(min(deadline - time.monotonic(), 1.0)) in STOPPING
        hurried = hurried or told
        if told or time.monotonic() > deadline:
            deadline = time.monotonic() + patience_s
            _kill([child for child in children if child.running], note)
        for child in children:
            child.reap(time.monotonic())
    return hurried


def _kill(children: Sequence[Child], note: Callable[[str], None]) -> None:
    for child in children:
        note(f"{child.name} has not ended by itself; killing it.")
        child.send(signal.SIGKILL)


def _ended(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _hopeless(child: Child, what: str) -> str:
    said = last_lines(child.log)
    return f"{child.name} {what}; the end of {child.log}:\n{said}"
