"""Keeping a job's folders in S3: its end, which must come whatever the store and the clock do."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from argosy.agent.child import Child, told_to_end
from argosy.agent.jobs import syncing
from argosy.agent.jobs.layout import Tree
from argosy.agent.jobs.syncing import Folder, keep
from argosy.agent.watch import Watch
from argosy.ground.jobs import TRAINING, JobSpec
from argosy.objects.client import ObjectStore
from tests.support.tiny_store import tiny_store

JOB = JobSpec(kind=TRAINING, name="job", arn="arn", host="algo-1", hosts=("algo-1",))


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """What is tested has the process to itself."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_store_that_is_away_when_the_job_ends_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "ObjectStore", partial(ObjectStore, patience_s=0.05))
    monkeypatch.setattr(syncing, "_AWAY_S", 0.05)
    (tmp_path / "restored").write_text("1")
    with tiny_store() as store:
        store.buckets.add("kept")
        folder = Folder(Tree(tmp_path, tmp_path), "s3://kept/job", mirrors=True)

        def end() -> None:
            (tmp_path / "last").write_text("2")
            store.failures += [503] * 6
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Timer(0.3, end).start()
        assert keep(JOB, [folder], store.access) == ""
        assert store.objects == {"kept/job/last": b"2"}


def test_a_child_that_is_told_to_end_before_it_can_listen_hears_it() -> None:
    def work() -> str:
        time.sleep(0.2)  # as on a busy machine
        return "" if told_to_end().wait(30) else "it was not told"

    watch = Watch()
    child = Child(watch, work, heeds=True)
    child.terminate()
    assert watch.until(lambda: child.ended, time.monotonic() + 60)
    assert child.sentence == ""


def test_a_child_that_does_not_listen_ends() -> None:
    def work() -> str:
        time.sleep(60)
        return ""

    watch = Watch()
    child = Child(watch, work, "Sleeping")
    child.terminate()
    assert watch.until(lambda: child.ended, time.monotonic() + 30)
    assert "broke off" in child.sentence
