"""Several processes of one model: SAGEMAKER_MODEL_SERVER_WORKERS."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from argosy.runtimes import frames
from tests.contracts.runtimes.kits import JSON, Kit, Scripted, as_json
from tests.support.endpoints import until
from tests.support.worker_client import running_worker

TWO = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}

ECHO = """
    def transform_fn(model, body, content_type, accept):
        return body
"""
WHO = """
    import os
    def transform_fn(model, body, content_type, accept):
        return str(os.getpid())
"""
STUCK = """
    import os, pathlib, time
    here = pathlib.Path(__file__).parent

    def transform_fn(model, body, content_type, accept):
        if body:
            (here / body).touch()
            time.sleep(3600)
        return str(os.getpid())
"""
MEETING = """
    import os, pathlib, time
    here = pathlib.Path(__file__).parent

    def transform_fn(model, body, content_type, accept):
        (here / body).touch()
        while not (here / "go").exists():
            time.sleep(0.01)
        return str(os.getpid())
"""


def begun(scripted: Scripted, *names: str) -> Callable[[], bool]:
    code = scripted.model_dir / "code"
    return lambda: all((code / name).exists() for name in names)


def test_the_answers_of_two_are_those_of_one(kit: Kit, model_dir: Path, tmp_path: Path) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as agent:
        assert agent.load(model_dir, TWO) == {"ok": True}
        assert agent.ping() == 200
        assert agent.ask(frames.PARAMETERS).json()["MaxConcurrentTransforms"] == 3
        with worker.connect() as edge:
            bodies = [as_json(kit.rows[index : index + 1]) for index in range(8)]
            accepts = {"content_type": JSON, "accept": JSON}
            ids = edge.send_many([(frames.REQUEST, body, accepts) for body in bodies])
            replies = {reply.request_id: reply for reply in (edge.read() for _ in ids)}
            for index, request_id in enumerate(ids):
                expected = kit.json([kit.predictions[index]])
                got = replies[request_id].json()
                assert np.allclose(*map(_numbers, (got, expected)), rtol=1e-5), (got, expected)
            agent.send(frames.DRAIN)
            assert agent.ping() == 200
        assert worker.wait() == 0


def _numbers(answer: object) -> list[float]:
    """What is a number in an answer of any form."""
    if isinstance(answer, dict):
        return [number for value in answer.values() for number in _numbers(value)]
    if isinstance(answer, list):
        return [number for value in answer for number in _numbers(value)]
    return [float(answer)]  # type: ignore[arg-type]


def test_two_requests_are_worked_on_at_once_by_two_processes(script: Scripted) -> None:
    with script.serve(MEETING, TWO) as client:
        client.send_many([(frames.REQUEST, name, {}) for name in (b"a", b"b")])
        until(begun(script, "a", "b"))
        (script.model_dir / "code" / "go").touch()
        assert len({client.read().body for _ in range(2)}) == 2


def test_who_is_busy_with_what_nobody_waits_for_gets_nothing_new(script: Scripted) -> None:
    with script.serve(STUCK, TWO) as client:
        left = client.send(frames.REQUEST, b"a")
        until(begun(script, "a"))
        client.send_bytes(frames.encode(frames.CANCEL, left))
        assert len({client.predict(b"").body for _ in range(4)}) == 1


def test_large_bodies_and_streams_pass_as_they_are(script: Scripted) -> None:
    body = os.urandom(3 << 20).hex().encode()
    with script.serve(ECHO, TWO) as client:
        assert client.predict(body).body == body
        assert b"".join(part.body for part in client.stream(body)) == body


def test_requests_are_spread_over_the_processes(script: Scripted) -> None:
    with script.serve(WHO, TWO) as client:
        assert len({client.predict(b"").body for _ in range(4)}) == 2


def test_when_one_process_ends_all_do_in_the_same_way(script: Scripted) -> None:
    with script.serve(WHO, TWO) as client:
        pids = {int(client.predict(b"").body) for _ in range(2)}
        os.kill(min(pids), signal.SIGSEGV)
        assert script.worker.wait() == -signal.SIGSEGV
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_model_that_does_not_load_says_so_once(script: Scripted) -> None:
    answer = script.load("raise ValueError('on purpose')", TWO)
    assert answer["ok"] is False
    assert "on purpose" in answer["reason"]


@pytest.mark.parametrize("count", ["no", "0", "65", "-1", "1.5"])
def test_a_number_of_processes_that_makes_no_sense_is_refused(script: Scripted, count: str) -> None:
    answer = script.load(ECHO, {"SAGEMAKER_MODEL_SERVER_WORKERS": count})
    assert answer["ok"] is False
    assert f"SAGEMAKER_MODEL_SERVER_WORKERS is '{count}'" in answer["reason"]
