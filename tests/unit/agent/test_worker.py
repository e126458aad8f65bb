"""Ending a worker: nothing of it is left when `kill` returns."""

import subprocess
import sys

import pytest

from argosy.agent.sandbox import bubblewrap, probe
from argosy.agent.worker import Worker
from argosy.ground.processes import ProcessId, children_of

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


def test_waiting_for_a_process_ends_with_it_or_when_the_time_is_over() -> None:
    with subprocess.Popen([sys.executable, "-c", SAYS_IT_RUNS], stdout=subprocess.PIPE) as process:
        named = ProcessId.of(process.pid)
        assert not named.wait(0.01)
        process.kill()
        assert named.wait(60)
        process.wait()
        assert named.wait(60)
