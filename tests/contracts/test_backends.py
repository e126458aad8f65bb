"""What every compute backend must do, with real agents, workers and scikit-learn models."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.agent.sandbox import probe
from argosy.compute import agents, spares
from argosy.ground.instances import InstanceSpec, Phase
from argosy.ground.processes import ProcessId
from tests.support.endpoints import archive
from tests.support.instances import (
    EVAL,
    GOOD,
    LOOKING,
    MODEL,
    World,
    agent_in,
    answer,
    ask,
    connect,
    hostile,
    invoke,
    is_running,
    until,
    world,
)

PLACES = [
    pytest.param(
        "require", id="sandboxed", marks=pytest.mark.skipif(bool(probe()), reason=str(probe()))
    ),
    pytest.param("off", id="plain"),
]


@pytest.fixture(params=PLACES)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox=request.param) as made:
        yield made


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[World]:
    """For what has nothing to do with the sandbox."""
    with world(tmp_path / "data", sandbox="off") as made:
        yield made


# coming up and serving


def test_a_launched_instance_comes_into_service_and_predicts(here: World) -> None:
    instance = here.served(GOOD)
    assert invoke(instance, "0,0\n1,1\n0,1") == "3\n7\n" + str(MODEL.predict([[0, 1]])[0])
    assert is_running(instance.state.worker_pid)
    assert instance.state.in_service_since > 0


def test_an_instance_without_model_data_has_an_empty_model_folder(plain: World) -> None:
    assert "model" in plain.failed(None)


def test_what_the_model_prints_is_in_its_log(here: World) -> None:
    instance = here.served(LOOKING)
    invoke(instance, "print('asked') or 1")
    until(lambda: "asked" in here.lines(instance.spec.instance_id))
    assert any("loaded from" in line for line in here.lines(instance.spec.instance_id))


def test_the_model_sees_sagemakers_variables_and_none_of_the_hosts(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "leaked")
    instance = here.served(LOOKING, environment={"MY_OPTION": "on", "AWS_REGION": "eu-west-1"})
    seen: dict[str, str] = eval(invoke(instance, "dict(os.environ)"))
    assert (seen["MY_OPTION"], seen["AWS_REGION"]) == ("on", "eu-west-1")
    assert seen["AWS_DEFAULT_REGION"] == "us-east-1"
    assert os.path.basename(seen["SM_MODEL_DIR"]) == "model"
    assert "HOST_SECRET" not in seen
    settings = {name for name in seen if name.startswith("ARGOSY_")}
    assert settings <= {"ARGOSY_HUB_DOWNLOADS"}  # the one that a runtime reads


def test_code_from_a_submit_directory_on_s3_is_used(here: World) -> None:
    code = archive({"serve.py": EVAL.encode()})
    uri = here.store.put("models/sourcedir.tar.gz", code)
    variables = {"SAGEMAKER_SUBMIT_DIRECTORY": uri, "SAGEMAKER_PROGRAM": "serve.py"}
    instance = here.served(GOOD, environment=variables)
    assert invoke(instance, "6*7") == "42"


def test_a_model_may_write_below_opt_ml_and_tmp(here: World) -> None:
    instance = here.served(LOOKING)
    folders = ["os.environ['SM_MODEL_DIR']", "os.environ['TMPDIR']"]
    for folder in folders:
        assert invoke(instance, f"open({folder} + '/x', 'w').write('abc')") == "3"


# not coming up


def test_a_missing_artifact_is_named(here: World) -> None:
    here.store.buckets.add("models")
    reason = here.failed(None, model_data_url="s3://models/absent.tar.gz")
    assert reason.startswith("Could not find model data at s3://models/absent.tar.gz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive at all", "is not a .tar.gz"),
        (GOOD[: len(GOOD) // 2], "is truncated"),
        (archive({"../evil": b"x"}), "'../evil' leaves the archive's folder"),
    ],
    ids=["no archive", "truncated", "evil"],
)
def test_a_bad_archive_is_refused_with_its_reason(plain: World, content: bytes, words: str) -> None:
    reason = plain.failed(content)
    assert words in reason
    assert "s3://models/" in reason
    assert list(plain.data_dir.instances.rglob("evil")) == []


def test_a_pickle_that_exits_fails_the_instance(here: World) -> None:
    reason = here.failed(hostile("import os; print('so long', flush=True); os._exit(3)"))
    assert "for production variant AllTraffic did not pass the ping health check" in reason
    assert "exited with status 3" in reason
    assert reason.endswith("so long")


def test_a_syntax_error_is_told_with_file_and_line(here: World) -> None:
    reason = here.failed(archive({"code/inference.py": b"def model_fn(:\n"}))
    assert "inference.py has a syntax error in line 1" in reason
    assert "SyntaxError" in reason
    assert len(reason) <= 1024


def test_a_model_that_never_finishes_loading_is_given_up(here: World) -> None:
    script = b"import time\ndef model_fn(d):\n    time.sleep(600)\n"
    reason = here.failed(archive({"code/inference.py": script}), startup_timeout_s=6.0)
    assert "did not load within its start-up time limit" in reason


def test_a_model_that_eats_memory_fails_and_harms_nobody(tmp_path: Path) -> None:
    with world(tmp_path / "data", sandbox="auto", instance_memory_mb=700) as small:
        neighbour = small.served(GOOD)
        reason = small.failed(hostile("x = []\nwhile True: x.append(bytearray(50_000_000))"))
        assert "MemoryError" in reason
        assert invoke(neighbour, "0,0") == "3"


def test_a_runtime_that_does_not_exist_fails_with_the_workers_words(plain: World) -> None:
    spec = plain.spec(GOOD)
    spec = type(spec).from_json(
        {**spec.to_json(), "containers": [{**spec.to_json()["containers"][0], "runtime": "cobol"}]}
    )
    plain.run(plain.backend.launch(spec))
    assert "cobol" in plain.reach(spec.instance_id, Phase.FAILED).state.reason


# going


def test_a_stopped_instance_answers_what_is_open_and_goes(here: World) -> None:
    instance = here.served(LOOKING)
    with connect(instance) as connection:
        ask(connection, "time.sleep(0.4) or 'done'")
        here.run(here.backend.stop(instance.spec.instance_id))
        assert here.reach(instance.spec.instance_id, Phase.STOPPING)
        assert answer(connection) == (200, "done")
    here.reach(instance.spec.instance_id, Phase.GONE)
    assert not is_running(instance.state.worker_pid)


def test_a_killed_instance_is_gone_with_its_worker(here: World) -> None:
    instance = here.served(GOOD)
    here.run(here.backend.kill(instance.spec.instance_id))
    assert here.find(instance.spec.instance_id).state.phase is Phase.GONE
    until(lambda: not is_running(instance.state.worker_pid))


def test_stopping_killing_and_forgetting_may_be_said_twice(plain: World) -> None:
    name = plain.served(GOOD).spec.instance_id
    for order in (plain.backend.kill, plain.backend.stop, plain.backend.forget):
        plain.run(order(name))
        plain.run(order(name))
    assert plain.run(plain.backend.list()) == []


def test_a_forgotten_instance_leaves_nothing_but_its_log(here: World) -> None:
    instance = here.served(LOOKING)
    name = instance.spec.instance_id
    here.run(here.backend.kill(name))
    here.run(here.backend.forget(name))
    assert here.run(here.backend.list()) == []
    left = [p for p in here.data_dir.root.rglob(f"*{name}*") if here.data_dir.logs not in p.parents]
    assert left == []
    assert here.lines(name)


def test_an_instance_that_is_stopped_while_it_comes_up_goes_at_once(plain: World) -> None:
    slow = archive({"code/inference.py": b"import time\ntime.sleep(600)\n"})
    name = plain.launch(slow)
    plain.reach(name, Phase.STARTING)
    plain.run(plain.backend.stop(name))
    plain.reach(name, Phase.GONE, seconds=30)


# dying


def test_when_the_agent_is_killed_the_worker_dies_too(here: World) -> None:
    instance = here.served(GOOD)
    os.kill(instance.state.agent_pid, signal.SIGKILL)
    here.reach(instance.spec.instance_id, Phase.GONE)
    until(lambda: not is_running(instance.state.worker_pid))


def test_when_the_worker_is_killed_the_instance_fails_and_says_so(here: World) -> None:
    instance = here.served(GOOD)
    os.kill(instance.state.worker_pid, signal.SIGKILL)
    failed = here.reach(instance.spec.instance_id, Phase.FAILED)
    assert "stopped serving. The model process was killed (SIGKILL)" in failed.state.reason
    assert failed.state.in_service_since > 0
    until(lambda: not is_running(instance.state.agent_pid))


def test_a_worker_that_answers_no_ping_is_ended(plain: World) -> None:
    instance = plain.served(GOOD, model_timeout_s=0.1)
    os.kill(instance.state.worker_pid, signal.SIGSTOP)
    failed = plain.reach(instance.spec.instance_id, Phase.FAILED)
    assert "did not pass a health check" in failed.state.reason
    until(lambda: not is_running(instance.state.worker_pid))


def test_a_slow_prediction_is_not_taken_for_death(plain: World) -> None:
    instance = plain.served(LOOKING)
    assert invoke(instance, "time.sleep(2.5) or 'slow'") == "slow"
    assert plain.find(instance.spec.instance_id).in_service


def test_every_change_and_every_death_rings_controls_doorbell(plain: World) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.bind(str(plain.data_dir.doorbell_socket))
        bell.settimeout(10)
        instance = plain.served(GOOD)
        bell.recv(1)
        bell.setblocking(False)
        while _rung(bell):
            pass
        os.kill(instance.state.agent_pid, signal.SIGKILL)
        until(lambda: plain.find(instance.spec.instance_id) and _rung(bell))


def _rung(bell: socket.socket) -> bool:
    try:
        bell.recv(1)
    except BlockingIOError:
        return False
    return True


# outliving control


class Death(BaseException):
    """What kill -9 is to the code that runs."""


def launch_and_die(
    here: World, spec: InstanceSpec, monkeypatch: pytest.MonkeyPatch, place: object, step: str
) -> None:
    """Launch without a spare, and die in this step of it."""

    def die(*_: Any, **__: Any) -> Any:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(place, step, die)
        patched.setattr(spares.Spares, "hand_over", lambda *_: False)
        with pytest.raises(Death):
            here.run(here.backend.launch(spec))


def test_a_launch_that_was_cut_off_before_there_was_an_agent_has_not_been(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plain.spec(GOOD)
    launch_and_die(plain, spec, monkeypatch, agents.Agents, "_spawn")
    plain.backend = plain.another_backend()
    assert plain.find(spec.instance_id) is None
    plain.run(plain.backend.launch(spec))
    plain.reach(spec.instance_id, Phase.IN_SERVICE)


def test_a_launch_that_was_cut_off_when_its_agent_had_just_begun_goes_on(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plain.spec(GOOD)
    launch_and_die(plain, spec, monkeypatch, agents, "write_json")
    plain.backend = plain.another_backend()
    plain.reach(spec.instance_id, Phase.IN_SERVICE)


def test_a_stop_that_was_cut_off_ends_the_instance_or_can_be_said_again(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = plain.served(GOOD)

    def die(*_: Any, **__: Any) -> None:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(ProcessId, "send", die)
        with pytest.raises(Death):
            plain.run(plain.backend.stop(instance.spec.instance_id))
    plain.backend = plain.another_backend()
    found = plain.find(instance.spec.instance_id)
    assert found is not None
    assert found.state.phase is Phase.IN_SERVICE  # else nobody would stop it any more
    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", die)
        with pytest.raises(Death):
            plain.run(plain.backend.stop(instance.spec.instance_id))
    plain.backend = plain.another_backend()
    plain.reach(instance.spec.instance_id, Phase.GONE)


@pytest.mark.parametrize("spec_file", [None, b""], ids=["without a spec", "with an empty spec"])
def test_what_a_launch_left_half_made_is_in_nobodys_way(
    plain: World, spec_file: bytes | None
) -> None:
    spec = plain.spec(GOOD)
    folder = plain.data_dir.instance(spec.instance_id)
    folder.mkdir(mode=0o700)
    (folder / "agent.json").write_text('{"pid": 1, "start_ticks": 1}')  # it died meanwhile
    if spec_file is not None:
        (folder / "spec.json").write_bytes(spec_file)
    plain.run(plain.backend.launch(spec))
    plain.reach(spec.instance_id, Phase.IN_SERVICE)


def test_another_backend_finds_the_instances_and_rules_them(here: World) -> None:
    instance = here.served(GOOD)
    here.backend = here.another_backend()
    assert here.find(instance.spec.instance_id) == instance
    assert invoke(instance, "1,1") == "7"
    here.run(here.backend.stop(instance.spec.instance_id))
    here.reach(instance.spec.instance_id, Phase.GONE)


def test_after_a_reboot_instances_are_listed_as_gone(plain: World) -> None:
    name = plain.served(GOOD).spec.instance_id
    plain.run(plain.backend.stop_all())
    agent = plain.data_dir.instance(name) / "agent.json"
    agent.write_text(f'{{"pid": {os.getpid()}, "start_ticks": 1}}')
    assert plain.find(name).state.phase is Phase.GONE


def test_stop_all_ends_every_process_of_the_data_folder(here: World) -> None:
    instance = here.served(GOOD)
    here.run(here.backend.prepare("sklearn"))
    spare = agent_in(here.ready_spare())
    here.run(here.backend.stop_all())
    assert not spare.alive
    assert not is_running(instance.state.agent_pid)
    until(lambda: not is_running(instance.state.worker_pid))


def test_an_instance_that_cannot_be_recorded_is_an_error_and_leaves_nothing(plain: World) -> None:
    spec = plain.spec(GOOD)
    plain.data_dir.process_logs.rename(plain.data_dir.root / "elsewhere")
    with pytest.raises(OSError, match="No such file"):
        plain.run(plain.backend.launch(spec))
    assert plain.run(plain.backend.list()) == []
    assert list(plain.data_dir.instances.iterdir()) == []
