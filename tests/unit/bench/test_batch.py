"""The table, the ways to predict it, and what the batch benchmark says of them."""

import hashlib
import io
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import joblib
import numpy as np
import pytest
from bench import payloads, table
from bench.batch_report import reports
from bench.batch_results import ARGOSY, ARGOSY_TWO, BY_HAND, Long, Payload, Ran
from bench.jobs import Job, request
from bench.loops.by_hand import predict_all
from bench.parts import Seen, kind_of, watching
from bench.processes import Unavailable, running
from bench.table import BLOCK, COLUMNS, Subject
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    return table._subject(folder, "logistic", "logistic regression", LogisticRegression())


def test_the_table_repeats_its_block_and_ends_in_the_middle_of_it(tmp_path: Path) -> None:
    table.write(tmp_path / "rows", BLOCK + 10)
    table.write(tmp_path / "named", 3, header=True)
    lines = (tmp_path / "rows").read_bytes().splitlines(keepends=True)
    named = (tmp_path / "named").read_bytes().splitlines(keepends=True)

    assert lines[BLOCK:] == lines[:10]
    assert len(lines) == BLOCK + 10
    assert named[0].count(b",") == COLUMNS - 1
    assert named[1:] == lines[:3]
    read = np.loadtxt(io.BytesIO(b"".join(lines[:10])), delimiter=",")
    assert np.array_equal(read, table.block()[:10])


def test_the_loop_by_hand_answers_what_the_models_answers_are_known_to_be(
    subject: Subject, tmp_path: Path
) -> None:
    table.write(tmp_path / "rows", BLOCK + 10)
    spent = predict_all(
        joblib.load(subject.saved), str(tmp_path / "rows"), str(tmp_path / "answers")
    )

    answers = (tmp_path / "answers").read_bytes()
    assert hashlib.sha256(answers).hexdigest() == subject.expected(BLOCK + 10)
    assert hashlib.sha256(answers[:-2]).hexdigest() != subject.expected(BLOCK + 10)
    assert set(spent) == {"read", "predict", "write"}


@given(
    lines=st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b".")), max_size=20),
    limit=st.integers(7, 30),
    ended=st.booleans(),
)
def test_payloads_are_whole_lines_and_together_the_file(
    lines: list[bytes], limit: int, ended: bool
) -> None:
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    found = list(payloads.payloads(io.BytesIO(content), limit))

    assert b"".join(found) == content
    assert all(0 < len(one) <= limit for one in found)
    assert all(one.endswith(b"\n") for one in found[:-1])


def test_a_line_longer_than_a_payload_is_refused() -> None:
    with pytest.raises(Unavailable, match="longer than 8 bytes"):
        list(payloads.payloads(io.BytesIO(b"1\n" + b"2" * 9 + b"\n"), 8))


class _Counting(BaseHTTPRequestHandler):
    """Answers a payload with the number of its lines; one of a single x not at all."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"%d\n" % body.count(b"\n")
        self.send_response(400 if body == b"x" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def counting() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Counting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_answers_of_payloads_are_written_in_order(
    counting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads.payloads, "__defaults__", (8,))
    answers = io.BytesIO()

    assert payloads.post_all(counting, "/", io.BytesIO(b"1\n2\n3\n4\n5\n"), answers) == 2
    assert answers.getvalue() == b"4\n1\n"
    with pytest.raises(Unavailable, match="payload 0: 400"):
        payloads.post_all(counting, "/", io.BytesIO(b"x"), answers)


def test_a_job_asks_for_lines_of_csv_and_says_concurrency_only_when_told() -> None:
    asked = request(Job(name="j", model="m", source="s3://b/in", output="s3://b/out"))
    told = request(Job(name="j", model="m", source="s3://b/i", output="s3://b/o", concurrency=3))

    assert asked["TransformInput"]["SplitType"] == "Line"
    assert "MaxConcurrentTransforms" not in asked
    assert told["MaxConcurrentTransforms"] == 3


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (b"python\0-m\0argosy.agent.porter\0--instance\0i", "porter"),
        (b"bwrap\0--\0python\0-m\0argosy.runtimes.worker", "worker"),
        (b"python\0-m\0argosy.agent\0--instance", "agent"),
        (b"/x/weed\0server", "store"),
        (b"sleep\x001", "other"),
    ],
)
def test_processes_are_told_apart_by_their_commands(command: bytes, kind: str) -> None:
    assert kind_of(command) == kind


HUNGRY = """
import os, subprocess, sys, time
# argosy.api
held = bytearray(40_000_000)
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
print("ready", flush=True)
time.sleep(60)
"""


def test_what_a_platforms_processes_hold_and_spend_is_seen_by_kind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        watching(tmp_path, 0.02) as seen,
        running([sys.executable, "-c", HUNGRY], {"ARGOSY_DATA_DIR": str(tmp_path)}, log) as server,
    ):
        server.wait_until(lambda: "ready" in log.read_text(), 30)

    assert (seen.peak("control") or 0) > 38
    assert 0.2 < seen.cpu["control"] < 5
    assert seen.peak("porter") is None


def test_growth_is_the_last_thirds_peak_over_the_middle_ones() -> None:
    points = [(0.0, 500.0), (4.0, 100.0), (5.0, 104.0), (7.0, 90.0), (9.0, 110.0)]

    assert Seen(memory={"worker": points}).growth("worker") == 6
    assert Seen().growth("worker") is None


def ran(way: str, seconds: float, **more: object) -> Ran:
    return Ran(way=way, model="forest", rows=1_000_000, seconds=seconds, **more)  # type: ignore[arg-type]


def test_targets_compare_with_the_loop_and_with_one_instance() -> None:
    found = [
        ran(BY_HAND, 8.0, parts={"read": 1.0, "predict": 6.0}),
        ran(ARGOSY, 9.0, parts={"store": 1.0, "porter": 2.0, "worker": 7.5}),
        ran(ARGOSY_TWO, 6.0),
        Ran(way="MLflow", model="forest", rows=1_000_000, reason="not installed"),
    ]
    inside = [Payload(model="forest", rows=10_000, decode=0.01, predict=0.06, encode=0.001)]
    long = Long(gigabytes=2, reason="not run")
    speed, spent, memory = reports("a machine", 1_000_000, found, inside, long)

    assert [(v.got, v.passed) for v in speed.verdicts[:2]] == [("0.89×", True), ("1.50×", False)]
    assert [v.passed for v in speed.verdicts[2:]] == [None] * 3
    assert speed.rows[-1] == ("forest", "MLflow", "-", "-", "not installed")
    assert speed.rows[1][2:] == ("9.00", "111,111", "0.89×")
    assert [row[1] for row in spent.rows[:4]] == [
        "in the worker: decode",
        "in the worker: predict",
        "in the worker: encode",
        "processor: porter",
    ]
    assert spent.rows[0][2] == "1.00"
    assert memory.notes[0] == "not run"
    assert json.dumps([speed.figures, spent.figures, memory.figures])
