"""One watched process: its log, its death, its pid."""

import os
import signal
import sys
from pathlib import Path

import pytest

from argosy.supervisor import child as module
from argosy.supervisor.child import Child, Program, last_lines, open_log, trim_log
from tests.support.endpoints import until


def script(tmp_path: Path, text: str) -> Child:
    program = Program([sys.executable, "-c", text], dict(os.environ))
    return Child("one", tmp_path / "one.log", tmp_path, lambda: program)


def ended(one: Child, now: float) -> int:
    statuses: list[int] = []

    def look() -> bool:
        status = one.reap(now)
        if status is not None:
            statuses.append(status)
        return bool(statuses)

    until(look, 10)
    return statuses[0]


def test_what_a_process_writes_is_in_its_log(tmp_path: Path) -> None:
    one = script(tmp_path, "import sys; print('out', flush=True); sys.exit('err')")

    one.start(0.0)
    status = ended(one, 1.0)

    assert status == 1
    assert last_lines(one.log) == "out\nerr"


def test_a_process_that_died_is_due_at_once_and_then_later(tmp_path: Path) -> None:
    one = script(tmp_path, "")
    dues = []
    for _ in range(3):
        one.start(100.0)
        ended(one, 100.0)
        dues.append(round(one.due - 100.0, 3))

    assert dues == [0.0, 0.1, 0.2]


def test_a_child_gets_signals_although_its_parent_blocks_them(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        one = script(tmp_path, "print('up', flush=True); import time; time.sleep(60)")
        one.start(0.0)
        until(lambda: last_lines(one.log) == "up")
        one.send(signal.SIGTERM)
        status = ended(one, 0.0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert status == -signal.SIGTERM


def test_a_program_that_is_not_ready_starts_nothing(tmp_path: Path) -> None:
    one = Child("one", tmp_path / "one.log", tmp_path, lambda: None)

    assert one.start(0.0) is False
    assert (one.running, one.pid) == (False, 0)


def test_logs_stay_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "one.log"
    log.write_text("a line that is long\n")

    with open_log(log) as opened:
        opened.write(b"a second line\n")
        opened.flush()
        trim_log(log)
        opened.write(b"third\n")

    assert log.read_text() == "third\n"
    assert (tmp_path / "one.log.1").read_text() == "a second line\n"
