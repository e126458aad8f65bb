"""What a container engine is asked for, and what is said when it does not answer."""

import json
from pathlib import Path

import pytest

from argosy.agent import containers
from argosy.agent.engine import Engine, EngineError
from argosy.agent.folders import Folders
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from tests.support.podman import SECRET, engine_spec


def test_a_container_gets_its_model_its_variables_and_a_port_on_loopback(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    made = containers.definition(engine_spec(A="b", HOME="/h"), tmp_path, 64, "")

    host = made["HostConfig"]
    assert made["Cmd"] == ["serve"]
    assert {"A=b", "HOME=/h", "AWS_REGION=eu-west-1"} <= set(made["Env"])
    assert not [one for one in made["Env"] if one.startswith("TMPDIR=")]
    assert [(one["Target"], one["ReadOnly"]) for one in host["Mounts"]] == [("/opt/ml/model", True)]
    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    assert host["Memory"] == 64 << 20


def test_a_container_with_network_isolation_has_no_network(tmp_path: Path) -> None:
    host = containers.definition(engine_spec(isolated=True), tmp_path, 0, "")["HostConfig"]

    assert host == {"Mounts": [], "NetworkMode": "none"}


def test_the_order_to_the_runner_holds_no_key_and_the_model_can_be_read(tmp_path: Path) -> None:
    folders = Folders(DataDir.at(tmp_path), "i-1")
    folders.make()

    command = containers.command(
        engine_spec(SAGEMAKER_BIND_TO_PORT="9000"), folders, Settings(), code_dir=""
    )

    order = Path(command[-1])
    assert json.loads(order.read_text())["port"] == "9000"
    assert SECRET not in order.read_text()
    assert order.stat().st_mode & 0o077 == 0
    assert (folders.ml / "model").stat().st_mode & 0o777 == 0o755


def test_an_engine_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    engine = Engine(str(tmp_path / "none.sock"))

    with pytest.raises(EngineError, match=r"none\.sock does not answer: No such file"):
        engine.has_image("x:1")
