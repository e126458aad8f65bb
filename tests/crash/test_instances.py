"""kill -9 around instances: of whoever launched them, and of agents at any moment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.instances import (
    GOOD,
    World,
    agent_in,
    invoke,
    is_running,
    processes_naming,
    until,
    world,
)

from argosy.ground.instances import Phase

LAUNCHER = """
import asyncio, json, sys
from argosy.compute.process import ProcessBackend
from argosy.ground.instances import InstanceSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

async def main():
    backend = ProcessBackend(Settings(sandbox="auto"), DataDir.at(sys.argv[1]))
    await backend.launch(InstanceSpec.from_json(json.load(sys.stdin)))
    print("launched", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox="auto") as made:
        yield made


def test_an_instance_outlives_kill_nine_of_the_process_that_launched_it(here: World) -> None:
    spec = here.spec(GOOD)
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(here.data_dir.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        json.dump(spec.to_json(), launcher.stdin)
        launcher.stdin.close()
        assert launcher.stdout.readline() == "launched\n"
        launcher.kill()
    assert invoke(here.reach(spec.instance_id, Phase.IN_SERVICE), "1,1") == "7"


@pytest.mark.parametrize("delay_s", [0.0, 0.08, 0.2, 0.5])
def test_killing_an_agent_while_it_comes_up_leaves_no_process(here: World, delay_s: float) -> None:
    name = here.launch(GOOD)
    agent = agent_in(here.data_dir.instance(name))
    # Not a wait for anything: a moment of the start is chosen.
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(["sleep", "60"], timeout=delay_s, check=False)
    agent.send(signal.SIGKILL)
    here.reach(name, Phase.GONE)
    here.run(here.backend.forget(name))
    until(lambda: processes_naming(str(here.data_dir.root)) == [])
    assert here.run(here.backend.list()) == []


def test_killing_a_spares_agent_ends_its_worker_and_the_spare_is_replaced(here: World) -> None:
    here.run(here.backend.prepare("sklearn"))
    spare = here.ready_spare()
    agent = agent_in(spare)
    os.kill(agent.pid, signal.SIGKILL)
    until(lambda: not is_running(agent.pid))
    until(lambda: processes_naming(spare.name) == [])
    here.run(here.backend.prepare("sklearn"))
    assert here.ready_spare() != spare
    assert not spare.exists()


def test_remainders_of_a_crash_are_swept_by_the_next_backend(here: World) -> None:
    remainder = here.data_dir.instance("i-half")
    (remainder / "ml" / "model").mkdir(parents=True)
    here.another_backend()
    assert not remainder.exists()
