"""kill -9 of every kind of process in the middle of one transform job: each row once, in order.

The model answers each row's number, and writes down which rows it was asked for. Rows are all of
one length, so that a piece in the book says which rows are durable.
"""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import archive, create_model, until
from tests.support.transforms import BUCKET, OVER, begin, body, bucket, keys, uploads

from argosy.ground.files import read_json
from argosy.testing import Platform

WIDTH = 64
COUNT = 600_000
MODEL = """
import time

def model_fn(folder):
    return 1

def predict_fn(rows, model):
    print("asked", int(rows[0, 0]), len(rows), flush=True)
    time.sleep(0.5)
    return rows
"""
VICTIMS = ("control", "agent", "porter", "worker", "store")


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as platform:
        prepare(platform, range(COUNT))
        yield platform


def prepare(platform: Platform, rows: range) -> None:
    """Rows to transform, and the model that echoes them."""
    bucket(platform).put_object(Bucket=BUCKET, Key="in/rows.csv", Body=rows_of(rows))
    create_model(
        platform,
        "echo",
        archive({"code/inference.py": MODEL.encode()}),
        SAGEMAKER_PROGRAM="inference.py",
    )


def rows_of(numbers: range) -> bytes:
    """Rows of WIDTH bytes; the first column is the row's number."""
    filler = "," + "1" * (WIDTH - 12)
    return "".join(f"{number:010d}{filler}\n" for number in numbers).encode()


def pids_of(platform: Platform, victim: str) -> list[int]:
    """Processes of that kind that are running now."""
    if victim in ("control", "store"):
        return list(filter(runs, [platform.pids()[victim]]))
    states = [read_json(path) or {} for path in platform.data_dir.glob("instances/*/state.json")]
    serving = [state for state in states if state.get("phase") == "InService"]
    if victim != "porter":
        return [pid for state in serving if runs(pid := state[f"{victim}_pid"])]
    return [int(path.name) for path in Path("/proc").iterdir() if _is_porter(path, platform)]


def runs(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of one."""
    try:
        return bool(pid and Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def _is_porter(process: Path, platform: Platform) -> bool:
    """Whether a process is a porter of an instance of this platform."""
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
        home = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    ours = f"ARGOSY_DATA_DIR={platform.data_dir}".encode() in home
    return b"argosy.agent.porter" in command and ours


def durable(platform: Platform) -> list[tuple[int, int]]:
    """Ranges of bytes of the input whose output is in the book."""
    with closing(sqlite3.connect(platform.data_dir / "argosy.db", timeout=30)) as database:
        found = database.execute('select start, "end" from transform_pieces').fetchall()
    return [(start, end) for start, end in found]


def asked(platform: Platform, job: str) -> list[tuple[float, int, int]]:
    """(time, first row, number of rows) of what the model was asked, in any order."""
    found = []
    for path in platform.data_dir.glob("logs/**/*.log"):
        if f"{job}%2F" not in str(path):
            continue
        for line in path.read_text().splitlines():
            stamp, _, text = line.partition("\t")
            if text.startswith("asked "):
                _, first, count = text.split()
                found.append((int(stamp) / 1000, int(first), int(count)))
    return found


def over(platform: Platform, job: str) -> dict[str, Any] | None:
    """DescribeTransformJob, if control answers and the job is over."""
    try:
        found = platform.client("sagemaker").describe_transform_job(TransformJobName=job)
    except (BotoCoreError, ClientError):
        return None
    return dict(found) if found["TransformJobStatus"] in OVER else None


def start(platform: Platform, job: str) -> None:
    begin(
        platform,
        job,
        "echo",
        f"s3://{BUCKET}/in/",
        f"s3://{BUCKET}/{job}",
        instances=2,
        MaxConcurrentTransforms=1,
        MaxPayloadInMB=1,
    )


@pytest.mark.timeout(600)
def test_a_job_survives_every_kill_nine_and_does_no_piece_again(platform: Platform) -> None:
    start(platform, "killed")
    until(lambda: durable(platform), 180)
    kills = []
    for victim in VICTIMS:
        pid = until(lambda victim=victim: pids_of(platform, victim))[0]
        kills.append((durable(platform), time.time()))
        os.kill(pid, signal.SIGKILL)
    described = until(lambda: over(platform, "killed"), 300)

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    s3 = bucket(platform)
    lines = body(s3, "killed/rows.csv.out").split()
    assert [int(float(line.partition(b",")[0])) for line in lines] == list(range(COUNT))
    assert keys(s3, "killed/") == ["killed/rows.csv.out"]
    assert uploads(s3) == []
    asks = asked(platform, "killed")
    for before, when in kills:
        assert [one for one in asks if one[0] > when + 1.0 and within(one, before)] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_job_goes_on_after_the_whole_platform_was_away(killed: bool) -> None:
    folder = Path(mkdtemp(prefix="argosy-", dir="/tmp"))
    rows = range(40_000)
    try:
        with Platform(folder) as platform:
            prepare(platform, rows)
            start(platform, "paused")
            until(lambda: asked(platform, "paused"), 180)
            if killed:
                kill_all(platform)
        with Platform(folder) as platform:
            described = until(lambda: over(platform, "paused"), 300)
            lines = body(bucket(platform), "paused/rows.csv.out").split()
    finally:
        rmtree(folder, ignore_errors=True)

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    assert [int(float(line.partition(b",")[0])) for line in lines] == list(rows)


def kill_all(platform: Platform) -> None:
    """What a power cut does."""
    parts = platform.pids()
    pids = [parts["supervisor"], parts["control"], parts["store"], *parts["edges"]]
    for kind in ("agent", "worker", "porter"):
        pids += pids_of(platform, kind)
    for pid in filter(runs, pids):
        os.kill(pid, signal.SIGKILL)


def within(ask: tuple[float, int, int], covered: list[tuple[int, int]]) -> bool:
    """Whether the model was asked for a row that was durable: one whose first byte was covered."""
    _, first, count = ask
    last = first + count - 1
    return any(first * WIDTH < end and last * WIDTH >= begin for begin, end in covered)
