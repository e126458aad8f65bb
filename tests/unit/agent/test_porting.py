"""The agent's hold on its porter, with a small program in the porter's place."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from argosy.agent import porting
from argosy.agent.porting import Porter
from tests.support.control_builders import instance


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where each start of the stand-in leaves a line."""
    path = tmp_path / "starts"
    program = f"import time; open({str(path)!r}, 'a').write('x\\n'); time.sleep(60)"
    monkeypatch.setattr(porting, "COMMAND", [sys.executable, "-c", program])
    return path


def starts(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def until_started(path: Path, count: int, porter: Porter) -> None:
    deadline = time.monotonic() + 30
    while starts(path) < count:
        assert time.monotonic() < deadline
        porter.tick()
        time.sleep(0.01)


def test_an_instance_without_work_has_no_porter(marks: Path) -> None:
    porter = Porter(instance().spec, ())
    porter.tick()
    assert porter.ended


def test_a_porter_that_dies_is_started_anew_until_it_is_told_to_go(marks: Path) -> None:
    porter = Porter(replace(instance().spec, work={"kind": "async"}), ("unix:/somewhere",))
    try:
        until_started(marks, 1, porter)
        assert porter._process is not None
        porter._process.kill()
        until_started(marks, 2, porter)
    finally:
        porter.kill()
    porter.tick()
    assert porter.ended
