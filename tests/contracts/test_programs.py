"""Image folders in the sandbox, by real agents: what a program sees there, and how it ends."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import PROGRAM, ContainerSpec, Instance, Phase
from argosy.ground.processes import children_of
from tests.support.bridges import PROGRAMS
from tests.support.instances import World, invoke, is_running, until, world

ALL = (
    "import json, os, socket\n"
    "def tried(path):\n"
    "    try: open(path, 'w').close(); return True\n"
    "    except OSError: return False\n"
)


@pytest.fixture
def caged(tmp_path: Path) -> Iterator[World]:
    if why_not := probe():
        pytest.skip(why_not)
    with world(tmp_path / "data", sandbox="require", drain_timeout_s=5) as made:
        yield made


def launched(caged: World, folder: Path = PROGRAMS, timeout_s: float = 60.0, **env: str) -> str:
    container = ContainerSpec(
        name="primary",
        image="mine",
        runtime=PROGRAM,
        image_folder=str(folder),
        environment=env,
    )
    return caged.launch(containers=(container,), startup_timeout_s=timeout_s)


def served(caged: World, folder: Path = PROGRAMS, **env: str) -> Instance:
    return caged.reach(launched(caged, folder, **env), Phase.IN_SERVICE, 60)


def looking(folder: Path, code: str) -> Path:
    """An image whose program runs some code, prints its `seen` as JSON and goes on to serve."""
    folder.mkdir()
    script = (PROGRAMS / "serve").read_text()
    (folder / "serve").write_text(
        script.replace(
            "\nmain()\n", f"\n{ALL}{code}\nprint(json.dumps(seen), flush=True)\nmain()\n"
        )
    )
    (folder / "serve").chmod(0o755)
    return folder


def seen(caged: World, instance: Instance) -> dict[str, object]:
    line = until(lambda: [x for x in caged.lines(instance.spec.instance_id) if x[:1] == "{"])[0]
    return dict(json.loads(line))


def test_two_programs_with_the_same_port_and_the_same_paths_run_on_one_host(caged: World) -> None:
    one, other = served(caged, NUMBER="1"), served(caged, NUMBER="2")

    numbers = [json.loads(invoke(i, "environment"))["NUMBER"] for i in (one, other)]

    assert numbers == ["1", "2"]
    assert [invoke(i, "echo hello") for i in (one, other)] == ["hello", "hello"]


def test_a_program_finds_what_a_container_has(caged: World, tmp_path: Path) -> None:
    places = ["/opt/ml/output/x", "/opt/ml/model/x", "/tmp/x", "/run/x", "/var/run/y", "/var/tmp/x"]
    places += ["/var/log/nginx/x", "/var/lib/nginx/x", "/dev/shm/x"]
    closed = ["/opt/program/x", "/usr/x", "/etc/x", "/x"]
    folder = looking(
        tmp_path / "image",
        f"seen = {{'open': [p for p in {places + closed} if tried(p)], 'cwd': os.getcwd(),"
        "'host': socket.gethostbyname(socket.gethostname()), 'env': dict(os.environ),"
        "'home': os.listdir('/opt'), 'root': os.getuid() == 0}",
    )

    found = seen(caged, served(caged, folder, GREETING="hello"))

    assert found["open"] == places
    assert found["cwd"] == "/opt/program"
    assert found["host"] == "127.0.0.1"
    assert found["root"] is False
    environment = found["env"]
    assert isinstance(environment, dict)
    assert environment["PATH"].startswith("/opt/program:")
    assert environment["GREETING"] == "hello"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["HOSTNAME"] == "primary"
    assert not [name for name in environment if "SECRET" in name or "PYTHONPATH" in name]


def test_a_program_has_loopback_and_no_way_out(caged: World, tmp_path: Path) -> None:
    folder = looking(
        tmp_path / "image",
        "seen = {'interfaces': [name for _, name in socket.if_nameindex()]}",
    )

    assert seen(caged, served(caged, folder))["interfaces"] == ["lo"]


def test_a_program_on_another_port_is_told_which_one_is_right(caged: World) -> None:
    name = launched(caged, timeout_s=6, ADDRESS="127.0.0.1:5000")

    reason = caged.reach(name, Phase.FAILED, 60).state.reason

    assert "did not pass the ping health check" in reason
    assert "it listens on port 5000, not on 8080" in reason


def test_a_program_that_never_answers_ping_well_fails_in_sagemakers_words(caged: World) -> None:
    name = launched(caged, timeout_s=6, PING="500")

    reason = caged.reach(name, Phase.FAILED, 60).state.reason

    assert reason.startswith("The primary container for production variant AllTraffic did not pass")
    assert "/ping was not answered with 200 within 6 s: it answered with 500" in reason
    assert "serve says hello to stderr" in reason


def test_a_program_that_is_killed_takes_its_instance_with_it(caged: World) -> None:
    instance = served(caged)

    with pytest.raises(AssertionError, match="closed the connection"):
        invoke(instance, "exit 9")

    reason = caged.reach(instance.spec.instance_id, Phase.FAILED, 60).state.reason
    assert "stopped serving" in reason
    assert "serve exited with status 9" in reason


def test_a_stopped_instance_lets_its_program_finish(caged: World) -> None:
    instance = served(caged)

    caged.run(caged.backend.stop(instance.spec.instance_id))

    caged.reach(instance.spec.instance_id, Phase.GONE, 60)
    assert "going" in caged.lines(instance.spec.instance_id)


def test_without_a_sandbox_a_program_is_refused(tmp_path: Path) -> None:
    with world(tmp_path / "data", sandbox="off") as open_world:
        name = launched(open_world)
        reason = open_world.reach(name, Phase.FAILED, 60).state.reason

    assert "needs the sandbox" in reason
    assert "setting sandbox is off" in reason


def test_a_folder_may_bring_a_whole_system(caged: World, tmp_path: Path) -> None:
    root = tmp_path / "image" / "rootfs"
    program = root / "opt" / "program"
    program.mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc" / "flavour").write_text("mine")
    for tool in ("sh", "cat", "ls", "sleep"):
        _bring(root, tool)
    (program / "serve").write_text(
        "#!/bin/sh\ncat /etc/flavour; ls / /usr/bin; echo > /opt/ml/model/x || exit 8\n"
        "echo > /tmp/x || exit 8\necho > /usr/x && exit 8\nexit 7\n"
    )
    (program / "serve").chmod(0o755)
    name = launched(caged, root.parent)

    reason = caged.reach(name, Phase.FAILED, 60).state.reason

    lines = caged.lines(name)
    assert "serve exited with status 7" in reason
    assert any(line.startswith("mine") for line in lines)
    assert "python3" not in lines
    assert "image" not in lines


def _bring(root: Path, tool: str) -> None:
    """Copy a program and the libraries it is linked with."""
    path = shutil.which(tool)
    assert path is not None
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    libraries = [word for word in listed.split() if word.startswith("/")]
    for source, target in [(path, f"bin/{tool}"), *((one, one.lstrip("/")) for one in libraries)]:
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / target)


def test_the_end_of_an_agent_is_the_end_of_its_program(caged: World) -> None:
    instance = served(caged)
    programs = children_of(instance.state.worker_pid)
    assert [pid for pid in programs if is_running(pid)]

    caged.run(caged.backend.kill(instance.spec.instance_id))

    until(lambda: not [pid for pid in programs if is_running(pid)])
