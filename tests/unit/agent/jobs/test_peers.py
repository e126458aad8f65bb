"""The other hosts of a job, as the first one sees them."""

import os
from dataclasses import replace
from pathlib import Path

from argosy.agent.folders import Folders
from argosy.agent.jobs.layout import Places
from argosy.agent.jobs.peers import Peers
from argosy.ground.files import write_json
from argosy.ground.instances import AGENT_FILE, STATE_FILE, InstanceState, Phase
from argosy.ground.jobs import MODEL_DIR, TRAINING, JobOutcome, JobSpec, Upload
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId

JOB = JobSpec(
    kind=TRAINING,
    name="j",
    arn="arn",
    hosts=("algo-1", "algo-2"),
    peers={"algo-1": "i-1", "algo-2": "i-2"},
    uploads=(Upload(local_path=MODEL_DIR, uri="s3://b/m.tar.gz", packed=True),),
)


class Turns:
    """A watch whose waiting does one step of what happens elsewhere."""

    def __init__(self, *steps: object) -> None:
        self.left = list(steps)

    def until(self, happened: object, deadline: float) -> bool:
        step = self.left.pop(0)
        assert callable(step)
        step()
        return False


def begins(folders: Folders) -> None:
    folders.root.mkdir(parents=True)
    me = ProcessId.of(os.getpid())
    write_json(folders.root / AGENT_FILE, {"pid": me.pid, "start_ticks": me.start_ticks})


def says(folders: Folders, phase: Phase, outcome: JobOutcome | None = None) -> None:
    state = InstanceState(phase=phase, outcome=outcome)
    write_json(folders.root / STATE_FILE, state.to_json())


def both(tmp_path: Path) -> tuple[Folders, Folders]:
    data_dir = DataDir.at(tmp_path)
    return Folders(data_dir, "i-1"), Folders(data_dir, "i-2")


def test_the_first_host_waits_for_one_that_is_only_being_launched(tmp_path: Path) -> None:
    mine, other = both(tmp_path)
    peers = Peers(JOB, mine)
    turns = Turns(
        lambda: begins(other),
        lambda: says(other, Phase.IN_SERVICE),
        lambda: says(other, Phase.DONE, JobOutcome(exit_code=0)),
    )

    peers.wait(turns)  # type: ignore[arg-type]

    assert turns.left == []
    assert not peers.failed
    merged = peers.merged(Places.of(JOB, mine))[MODEL_DIR]
    assert [tree.base for tree in merged] == [other.ml, mine.ml]


def test_a_host_that_failed_or_died_is_noticed(tmp_path: Path) -> None:
    mine, other = both(tmp_path)
    begins(other)
    says(other, Phase.DONE, JobOutcome(exit_code=1, failure="why"))
    assert Peers(JOB, mine).failed
    write_json(other.root / AGENT_FILE, {"pid": 0, "start_ticks": 0})
    says(other, Phase.IN_SERVICE)
    peers = Peers(JOB, mine)
    peers.wait(Turns())  # type: ignore[arg-type]
    assert peers.failed


def test_the_others_wait_for_nobody_and_pack_nothing(tmp_path: Path) -> None:
    mine, other = both(tmp_path)
    second = replace(JOB, host="algo-2")
    peers = Peers(second, other)
    peers.wait(Turns())  # type: ignore[arg-type]
    assert (peers.failed, peers.merged(Places.of(second, other))) == (False, {})
    assert mine.instance_id == "i-1"
