"""`script/bench batch`: millions of rows of CSV through a model, beside other ways to do that.

Everybody predicts the same table with the same models and must give the same answers, byte for
byte where they write CSV. Ours reads from its own object store and writes to it; the loop by hand
does it once with local files and once with the same store.
"""

import contextlib
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from argosy.testing import Platform
from bench import batch_report, inside, jobs, machine, nginx, ours, parts, payloads, peers, table
from bench.batch_results import (
    ARGOSY,
    ARGOSY_TWO,
    BY_HAND,
    BY_HAND_S3,
    CONTAINER,
    MLFLOW,
    Long,
    Ran,
)
from bench.place import PEERS, ROOT
from bench.processes import Unavailable, running
from bench.progress import Steps, steps
from bench.report import Report
from bench.stacks import NOT_AVAILABLE, reason_of
from bench.table import Subject
from bench.venvs import programs_of

_FIRST = 1000
_QUIET_S = 2.0
LIMIT_S = 600.0
"""What nobody may take longer than."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def measure(rows: int, gigabytes: float) -> list[Report]:
    """Every way in turn with each model, then a long input with the faster model."""
    here = machine.describe()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        bench = _Bench(Path(folder), rows)
        found: list[Ran] = []
        with steps(len(bench.subjects) * 6 + 1) as progress:
            for subject in bench.subjects:
                found += bench.peers(subject, progress)
            with Platform() as platform:
                bench.upload(platform)
                for subject in bench.subjects:
                    found += bench.argosy(platform, subject, progress)
                progress.now(f"{gigabytes:g} GB")
                long = bench.long(platform, gigabytes)
                progress.done()
        one_payload = [inside.measure(subject) for subject in bench.subjects]
    return batch_report.reports(here.sentence(), rows, found, one_payload, long)


class _Bench:
    """The table, the models, and a scratch folder."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows
        self._source = folder / "table.csv"
        self.subjects = table.subjects(folder)
        table.write(self._source, rows)

    def peers(self, subject: Subject, progress: Steps) -> Iterator[Ran]:
        for way, run in (
            (BY_HAND, self._by_hand),
            (MLFLOW, self._mlflow),
            (CONTAINER, self._container),
        ):
            progress.now(f"{subject.title}: {way}")
            yield self._attempt(way, subject, functools.partial(run, subject))
            progress.done()

    def argosy(self, platform: Platform, subject: Subject, progress: Steps) -> Iterator[Ran]:
        jobs.make_model(platform, subject.name, subject.saved.read_bytes())
        self._first(platform, subject)
        for way, run in (
            (BY_HAND_S3, lambda: self._by_hand_of_objects(platform, subject)),
            (ARGOSY, lambda: self._job(platform, subject, 1)),
            (ARGOSY_TWO, lambda: self._job(platform, subject, 2)),
        ):
            progress.now(f"{subject.title}: {way}")
            yield self._attempt(way, subject, run)
            progress.done()

    def upload(self, platform: Platform) -> None:
        s3 = platform.client("s3")
        s3.create_bucket(Bucket=ours.BUCKET)
        s3.upload_file(str(self._source), ours.BUCKET, "table/table.csv")
        s3.put_object(Bucket=ours.BUCKET, Key="first/table.csv", Body=next(table.pieces(_FIRST)))

    def long(self, platform: Platform, gigabytes: float) -> Long:
        """One object of that size, through the faster model, with memory watched."""
        subject = self.subjects[0]
        try:
            rows = table.upload(platform.client("s3"), ours.BUCKET, "long/table.csv", gigabytes)
            job = self._asked(subject, 1, source="long/", name="long")
            with parts.watching(platform.data_dir) as seen:
                seconds = jobs.run(platform, job, LIMIT_S)
        except NOT_AVAILABLE as error:
            return Long(gigabytes=gigabytes, reason=reason_of(error))
        return Long(gigabytes=gigabytes, rows=rows, seconds=seconds, seen=seen)

    def _first(self, platform: Platform, subject: Subject) -> None:
        """A small job, after which a spare instance waits, as on any platform in use."""
        job = self._asked(subject, 1, source="first/", name=f"{subject.name}-first")
        with contextlib.suppress(*NOT_AVAILABLE):  # the next job says why
            jobs.run(platform, job, LIMIT_S)
            time.sleep(_QUIET_S)

    def _attempt(
        self, way: str, subject: Subject, run: Callable[[], tuple[float, dict[str, float] | None]]
    ) -> Ran:
        told = Ran(way=way, model=subject.title, rows=self._rows)
        try:
            seconds, spent = run()
        except (*NOT_AVAILABLE, subprocess.TimeoutExpired) as error:
            return replace(told, reason=reason_of(error))
        return replace(told, seconds=seconds, parts=spent)

    def _by_hand(self, subject: Subject) -> tuple[float, dict[str, float]]:
        output = self._folder / "by-hand.csv"
        told = _loop(subject.saved, str(self._source), str(output), {})
        self._check(subject, output)
        return told["seconds"], told["parts"]

    def _by_hand_of_objects(
        self, platform: Platform, subject: Subject
    ) -> tuple[float, dict[str, float]]:
        key = platform.credentials
        given = {
            "BENCH_S3": platform.url,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_DEFAULT_REGION": platform.region,
        }
        place = f"s3://{ours.BUCKET}"
        told = _loop(
            subject.saved, f"{place}/table/table.csv", f"{place}/loop/{subject.name}", given
        )
        self._check_object(platform, subject, f"loop/{subject.name}")
        return told["seconds"], told["parts"]

    def _mlflow(self, subject: Subject) -> tuple[float, None]:
        named, output, log = (self._folder / f"mlflow.{end}" for end in ("csv", "json", "log"))
        if not named.exists():
            table.write(named, self._rows, header=True)
        python = programs_of("mlflow", PEERS / "mlflow" / "requirements.txt") / "python"
        command = [python, PEERS / "mlflow" / "predict.py", named, output]
        given = {"BENCH_MODEL": str(subject.saved), **_ONE_THREAD}
        with running([str(one) for one in command], given, log) as process:
            process.wait(LIMIT_S)
        answers = "".join(f"{one}\n" for one in json.loads(output.read_text())["predictions"])
        if hashlib.sha256(answers.encode()).hexdigest() != subject.expected(self._rows):
            raise Unavailable("answers wrongly")
        return float(log.read_text().splitlines()[-1]), None

    def _container(self, subject: Subject) -> tuple[float, None]:
        output = self._folder / "container.csv"
        with self._serving(subject) as url, self._source.open("rb") as source:
            began = time.perf_counter()
            with output.open("wb") as answers:
                payloads.post_all(url, peers.CONTAINER.path, source, answers)
            took = time.perf_counter() - began
        self._check(subject, output)
        return took, None

    @contextlib.contextmanager
    def _serving(self, subject: Subject) -> Iterator[str]:
        """The URL of nginx, gunicorn with one worker, and flask, when they answer."""
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        programs = programs_of(
            peers.CONTAINER.home, PEERS / peers.CONTAINER.home / "requirements.txt"
        )
        words = {"folder": str(PEERS / peers.CONTAINER.home), "scratch": str(scratch)}
        program, *rest = [word.format(**words) for word in peers.CONTAINER.command]
        given = {"BENCH_MODEL": str(subject.saved), **_ONE_THREAD}
        command = [str(programs / program), *rest]
        with running(command, given, scratch / "server.log") as server:
            server.wait_until((scratch / "http.sock").exists, peers.CONTAINER.ready_s)
            with nginx.proxy(scratch, f"unix:{scratch}/http.sock") as (url, _):
                yield url

    def _job(
        self, platform: Platform, subject: Subject, instances: int
    ) -> tuple[float, dict[str, float]]:
        job = self._asked(subject, instances, source="table/", name=f"{subject.name}-{instances}")
        with parts.watching(platform.data_dir) as seen:
            seconds = jobs.run(platform, job, LIMIT_S)
        self._check_object(platform, subject, f"{job.name}/table.csv.out")
        return seconds, seen.cpu

    def _asked(self, subject: Subject, instances: int, *, source: str, name: str) -> jobs.Job:
        return jobs.Job(
            name=name,
            model=subject.name,
            source=f"s3://{ours.BUCKET}/{source}",
            output=f"s3://{ours.BUCKET}/{name}",
            instances=instances,
        )

    def _check(self, subject: Subject, output: Path) -> None:
        with output.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != subject.expected(self._rows):
            raise Unavailable("answers wrongly")

    def _check_object(self, platform: Platform, subject: Subject, key: str) -> None:
        output = self._folder / "object"
        platform.client("s3").download_file(ours.BUCKET, key, str(output))
        self._check(subject, output)


def _loop(saved: Path, source: str, output: str, given: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.loops.by_hand", str(saved), source, output],
        env={**os.environ, **_ONE_THREAD, **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"the loop failed: {done.stderr.strip()[-200:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
