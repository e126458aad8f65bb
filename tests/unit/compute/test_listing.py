"""What an instance's folder is taken to mean."""

import json
import os
from pathlib import Path

import pytest

from argosy.compute.listing import Listing, agent_of, judge
from argosy.ground.instances import InstanceState, Phase
from argosy.ground.processes import ProcessId


def said(phase: Phase, reason: str = "") -> InstanceState:
    return InstanceState(phase=phase, reason=reason, agent_pid=7)


@pytest.mark.parametrize(
    ("phase", "alive", "stopping", "judged"),
    [
        (Phase.IN_SERVICE, True, False, Phase.IN_SERVICE),
        (Phase.IN_SERVICE, True, True, Phase.STOPPING),
        (Phase.IN_SERVICE, False, False, Phase.GONE),
        (Phase.STARTING, False, False, Phase.GONE),
        (Phase.STOPPING, False, True, Phase.GONE),
        (Phase.FAILED, False, False, Phase.FAILED),
        (Phase.FAILED, True, True, Phase.FAILED),
        (Phase.PENDING, True, False, Phase.PENDING),
    ],
)
def test_the_agents_last_word_counts_as_far_as_it_lives(
    phase: Phase, alive: bool, stopping: bool, judged: Phase
) -> None:
    assert judge(said(phase), alive, stopping).phase is judged


def test_a_sudden_end_is_told_from_a_wanted_one() -> None:
    assert "process 7" in judge(said(Phase.IN_SERVICE), False, False).reason
    assert judge(said(Phase.STOPPING), False, True).reason == "It was stopped."


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"instance_id": "other"}'])
def test_a_folder_without_a_whole_spec_is_no_instance(tmp_path: Path, content: str) -> None:
    (tmp_path / "spec.json").write_text(content)
    assert Listing().read([tmp_path]) == []


def test_a_reused_pid_is_not_the_agent(tmp_path: Path) -> None:
    me = ProcessId.of(os.getpid())
    assert me.alive
    noted = {"pid": me.pid, "start_ticks": me.start_ticks - 1}
    (tmp_path / "agent.json").write_text(json.dumps(noted))
    assert not agent_of(tmp_path).alive
    assert not agent_of(tmp_path / "nowhere").alive
