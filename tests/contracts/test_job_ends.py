"""How jobs end, by real agents: stops, limits, kills, and what an algorithm leaves behind."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import Phase
from argosy.ground.jobs import Channel, Checkpoints
from tests.support.instances import World, agent_in, is_running, until, world
from tests.support.jobs import (
    MODEL_KEY,
    container_of,
    done,
    job_of,
    launched,
    ran,
    said,
    script,
    trained,
    unpacked,
)

FOLLOWS = """
import pathlib, signal, sys, time
def leave(*_):
    pathlib.Path("/opt/ml/model/kept").write_text("kept")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
signal.pause()
"""
STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "1000"], start_new_session=True)
pathlib.Path("/opt/ml/model/half").write_text("half")
print("ready", flush=True)
while True:
    time.sleep(1)
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    if why_not := probe():
        pytest.skip(why_not)
    with world(tmp_path / "data", sandbox="require") as made:
        yield made


def begun(here: World, code: str, **changes: object) -> str:
    """A script that has said that it is ready."""
    given = script(here, {"train.py": code})
    name = launched(here, job_of(hyperparameters=given, **changes))
    until(lambda: "ready" in said(here, name))
    return name


def test_a_stopped_job_may_finish_and_its_model_is_kept(here: World) -> None:
    name = begun(here, FOLLOWS)

    here.run(here.backend.stop(name))
    outcome = done(here, name)

    assert (outcome.stopped, outcome.failure) == (True, "")
    assert unpacked(here, MODEL_KEY) == {"kept": b"kept"}


def test_an_algorithm_that_ignores_sigterm_is_killed_and_what_it_left_is_kept(here: World) -> None:
    name = begun(here, STUBBORN, stop_grace_s=1.0)

    here.run(here.backend.stop(name))
    outcome = done(here, name)

    assert (outcome.stopped, outcome.exit_code, outcome.failure) == (True, None, "")
    assert unpacked(here, MODEL_KEY) == {"half": b"half"}


def test_a_job_that_takes_too_long_is_stopped_by_its_agent(here: World) -> None:
    outcome = trained(here, FOLLOWS, max_runtime_s=2.0)

    assert (outcome.overdue, outcome.stopped, outcome.failure) == (True, True, "")
    assert unpacked(here, MODEL_KEY) == {"kept": b"kept"}


def test_killing_the_agent_ends_everything_it_started(here: World) -> None:
    name = begun(here, STUBBORN)
    instance = here.reach(name, Phase.IN_SERVICE)

    agent_in(here.data_dir.instance(name)).send(signal.SIGKILL)

    until(lambda: not is_running(instance.state.worker_pid))
    assert here.reach(name, Phase.GONE).state.outcome is None


def test_a_program_that_fails_is_quoted_from_its_failure_file(here: World, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    train = tmp_path / "image/train"
    train.write_text("#!/bin/sh\nprintf '%2000s' why > /opt/ml/output/failure\nexit 255\n")
    train.chmod(0o755)

    outcome = ran(here, job_of(), container_of(folder=str(tmp_path / "image")))

    assert outcome.exit_code == 255
    assert outcome.failure.startswith("AlgorithmError:")
    assert len(outcome.failure) <= 1024


def test_an_image_without_the_program_says_so(here: World, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()

    outcome = ran(here, job_of(), container_of(folder=str(tmp_path / "image")))

    assert outcome.exit_code == 127
    assert "there is no program train on the PATH, /opt/program:" in outcome.failure


def test_links_out_of_the_model_folder_are_not_followed(here: World) -> None:
    here.data_dir.root.joinpath("secret").write_text("secret")
    outcome = trained(
        here,
        "import os\nos.chdir('/opt/ml/model')\nopen('real', 'w').write('r')\n"
        f"os.symlink('{here.data_dir.root}/secret', 'stolen')\nos.symlink('/etc', 'etc')\n"
        "os.symlink('real', 'also')\nos.mkfifo('pipe')\n",
    )

    assert outcome.failure == ""
    assert unpacked(here, MODEL_KEY) == {"real": b"r", "also": b"r"}


def test_a_model_folder_that_leads_elsewhere_gives_no_files(here: World) -> None:
    outcome = trained(
        here, "import os\nos.rmdir('/opt/ml/model')\nos.symlink('/etc', '/opt/ml/model')\n"
    )

    assert outcome.failure == ""
    assert unpacked(here, MODEL_KEY) == {}


def test_a_job_that_writes_more_than_its_volume_holds_is_ended(here: World) -> None:
    outcome = trained(
        here,
        "import time\nopen('/opt/ml/model/large', 'wb').write(b'x' * (30 << 20))\n"
        "time.sleep(1000)\n",
        volume_bytes=20 << 20,
        stop_grace_s=1.0,
    )

    assert "Raise VolumeSizeInGB" in outcome.failure
    assert MODEL_KEY not in here.store.objects


def test_a_stopped_job_that_goes_on_to_fill_its_volume_gets_no_time_for_that(here: World) -> None:
    code = (
        "import signal\n"
        "file = open('/opt/ml/output/large', 'wb')\n"
        "def fill(*_):\n"
        "    for _ in range(60): file.write(b'x' * (1 << 20)); file.flush()\n"
        "signal.signal(signal.SIGTERM, fill)\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    name = begun(here, code, stop_grace_s=600.0, volume_bytes=20 << 20)

    here.run(here.backend.stop(name))

    assert done(here, name).stopped, "long before its grace is over"


def test_a_file_of_holes_is_not_written_to_s3(here: World) -> None:
    code = "open('/opt/ml/model/holes', 'wb').truncate(50 << 30)"
    outcome = trained(here, code, volume_bytes=20 << 20)

    assert outcome.failure.startswith("ClientError: Uploading the outputs failed: a folder's files")
    assert MODEL_KEY not in here.store.objects


def test_checkpoints_of_holes_are_not_written_to_s3(here: World) -> None:
    here.store.put("ck/holes/earlier", b"1")
    code = "open('/opt/ml/checkpoints/holes', 'wb').truncate(50 << 30)"
    outcome = trained(
        here, code, volume_bytes=20 << 20, checkpoints=Checkpoints(uri="s3://ck/holes/")
    )

    assert outcome.failure.startswith("ClientError: The checkpoints could not be written:")
    assert "ck/holes/holes" not in here.store.objects


def test_a_job_that_starts_processes_without_end_is_ended(tmp_path: Path) -> None:
    if why_not := probe():
        pytest.skip(why_not)
    code = (
        "import os, time\nfor _ in range(60):\n    if not os.fork(): time.sleep(1000)\n"
        "time.sleep(1000)\n"
    )
    with world(tmp_path / "data", sandbox="require", job_processes=40) as here:
        outcome = trained(here, code)

    assert "it has more than 40 processes at once" in outcome.failure


def test_a_flood_of_output_is_bounded_and_harms_nothing(here: World) -> None:
    outcome = trained(here, "print('x' * 99, flush=True)\nfor _ in range(300000): print('y' * 99)")

    assert outcome.failure == ""
    kept = sum(f.stat().st_size for f in here.data_dir.logs.rglob("*.log"))
    assert kept < 40 << 20


def test_checkpoints_are_restored_kept_up_to_date_and_deleted_with_their_files(
    here: World,
) -> None:
    here.store.put("ck/job/old", b"1")
    here.store.put("ck/job/deep/gone", b"2")
    code = """
import os, pathlib, signal, sys
here = pathlib.Path("/opt/ml/checkpoints")
print("found", sorted(p.name for p in here.rglob("*")), flush=True)
(here / "deep/gone").unlink()
(here / "new").write_text("3")
signal.signal(signal.SIGTERM, lambda *_: ((here / "last").write_text("4"), sys.exit(0)))
print("ready", flush=True)
signal.pause()
"""
    name = begun(here, code, checkpoints=Checkpoints(uri="s3://ck/job/"))
    until(
        lambda: "ck/job/new" in here.store.objects and "ck/job/deep/gone" not in here.store.objects
    )

    here.run(here.backend.stop(name))
    outcome = done(here, name)

    assert "found ['deep', 'gone', 'old']" in said(here, name)
    kept = {key: data for key, data in here.store.objects.items() if key.startswith("ck/")}
    assert kept == {"ck/job/old": b"1", "ck/job/new": b"3", "ck/job/last": b"4"}
    assert [one.uri for one in outcome.uploaded] == [f"s3://{MODEL_KEY}"]


def test_input_that_is_not_there_is_the_clients_error(here: World) -> None:
    outcome = trained(here, "", channels=(Channel(name="train", uri="s3://code/nothing/"),))

    assert outcome.exit_code is None
    assert outcome.failure.startswith("ClientError: Data download failed (channel train):")
    assert not outcome.started


def test_a_stop_before_the_algorithm_starts_ends_the_job_without_output(here: World) -> None:
    here.store.put("in/a", b"x" * (1 << 20))
    here.store.failures += [503] * 200
    name = launched(
        here,
        job_of(channels=(Channel(name="train", uri="s3://in/"),)),
    )
    here.reach(name, Phase.DOWNLOADING)
    here.run(here.backend.stop(name))
    outcome = done(here, name)

    assert (outcome.stopped, outcome.started, outcome.uploaded) == (True, 0.0, ())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[World]:
    """A data folder in a file system of 320 MB."""
    if why_not := probe():
        pytest.skip(why_not)
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=320m,mode=700", "argosy-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can only be mounted by root")
    try:
        with world(folder / "data", sandbox="require") as made:
            yield made
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_job_that_fills_the_disk_is_ended_before_it_is_full(small_disk: World) -> None:
    code = (
        "import time\nwith open('/opt/ml/model/large', 'wb') as file:\n"
        "    for _ in range(10): file.write(b'x' * (10 << 20))\ntime.sleep(1000)\n"
    )
    outcome = trained(small_disk, code)

    assert "the machine's disk has only" in outcome.failure
    assert MODEL_KEY not in small_disk.store.objects
