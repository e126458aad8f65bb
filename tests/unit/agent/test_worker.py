"""Ending a worker: nothing of it is left when `kill` returns."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.agent.sandbox import bubblewrap, probe
from argosy.agent.worker import Worker
from argosy.ground.processes import ProcessId, children_of
from argosy.ground.strays import end_strays

SAYS_IT_RUNS = "import sys, time; print('here', flush=True); time.sleep(600)"
CAGE = (bubblewrap(), "--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/")


@pytest.mark.skipif(bool(probe()), reason=str(probe()))
def test_nothing_in_the_sandbox_outlives_a_kill() -> None:
    command = [*CAGE, sys.executable, "-c", SAYS_IT_RUNS]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (first,) = children_of(process.pid)
        inside = [ProcessId.of(pid) for pid in (first, *children_of(first))]
        assert [each.alive for each in inside] == [True, True]

        Worker(process, sandboxed=True).kill()

        assert [each.alive for each in inside] == [False, False]


@pytest.mark.skipif(bool(probe()), reason=str(probe()))
def test_a_sandbox_that_lost_its_outer_process_is_found_by_its_folder(tmp_path: Path) -> None:
    folder, other = tmp_path / "i-1", tmp_path / "i-12"
    inside = [_orphan(folder), _orphan(other)]

    end_strays(folder)

    assert [each.alive for each in inside] == [False, True]
    end_strays(other)
    assert not inside[1].alive


@pytest.mark.skipif(bool(probe()), reason=str(probe()))
def test_a_sandbox_whose_outer_process_lives_is_none_of_them(tmp_path: Path) -> None:
    with _caged(tmp_path / "s-1") as process:
        (first,) = children_of(process.pid)

        end_strays(tmp_path / "s-1")

        assert ProcessId.of(first).alive
        process.terminate()
        os.kill(first, signal.SIGKILL)


def _orphan(folder: Path) -> ProcessId:
    """A sandbox around that folder, whose outer process was killed."""
    with _caged(folder) as process:
        (first,) = children_of(process.pid)
        process.kill()
        return ProcessId.of(first)


def _caged(folder: Path) -> "subprocess.Popen[bytes]":
    """A running sandbox around that folder."""
    (folder / "ml").mkdir(parents=True)
    cage = [bubblewrap(), "--unshare-pid", "--dev-bind", "/", "/"]
    inside = ["--ro-bind", str(folder / "ml"), "/mnt", sys.executable, "-c", SAYS_IT_RUNS]
    process = subprocess.Popen([*cage, *inside], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_waiting_for_a_process_ends_with_it_or_when_the_time_is_over() -> None:
    with subprocess.Popen([sys.executable, "-c", SAYS_IT_RUNS], stdout=subprocess.PIPE) as process:
        named = ProcessId.of(process.pid)
        assert not named.wait(0.01)
        process.kill()
        assert named.wait(60)
        process.wait()
        assert named.wait(60)
