"""What lies over what in a model's sandbox."""

import sys
from pathlib import Path

import pytest

from argosy.agent import sandbox
from argosy.agent.folders import Folders
from argosy.ground.paths import DataDir


def test_a_python_environment_below_tmp_is_not_hidden_by_the_models_own_tmp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "venv"
    prefix.mkdir()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    folders = Folders(DataDir.at(tmp_path / "data"), "i-1")

    command = sandbox.enclose(["true"], folders, host_name="m", without_network=False)

    places = [command[i + 2] for i, word in enumerate(command) if word in ("--bind", "--ro-bind")]
    assert places.index("/tmp") < places.index(str(prefix))


def test_the_gpus_of_the_machine_are_in_every_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("nvidia0", "nvidiactl", "sda"):
        (tmp_path / name).touch()
    monkeypatch.setattr(sandbox, "DEVICES", tmp_path)
    folders = Folders(DataDir.at(tmp_path / "data"), "i-1")

    command = sandbox.enclose(["true"], folders, host_name="m", without_network=True)

    bound = [command[i + 1 : i + 3] for i, word in enumerate(command) if word == "--dev-bind"]
    assert bound == [[str(tmp_path / name)] * 2 for name in ("nvidia0", "nvidiactl")]
    assert command.index("--dev") < command.index("--dev-bind")
