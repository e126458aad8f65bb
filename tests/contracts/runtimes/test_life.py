"""Ping, load, drain, cancel."""

from pathlib import Path

import pytest

from argosy.runtimes import frames
from tests.contracts.runtimes.kits import JSON, KITS, Kit, Scripted, as_json
from tests.support.worker_client import running_worker


def test_a_worker_without_model_answers_503_and_then_200(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    kit.save(folder)
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as client:
        assert client.ping() == 503
        assert client.predict(as_json(kit.rows[0]), JSON).status == 503
        assert client.load(folder, {"MAX_CONTENT_LENGTH": str(12 << 20)}) == {"ok": True}
        assert client.ping() == 200
        assert client.ask(frames.PARAMETERS).json() == {
            "MaxConcurrentTransforms": 2,
            "Processes": 1,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": 12,
        }
        assert "already" in client.load(folder)["reason"]


def test_a_drained_worker_leaves_once_its_other_askers_have(
    kit: Kit, model_dir: Path, tmp_path: Path
) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as agent:
        agent.load(model_dir)
        with worker.connect() as edge:
            assert edge.ping() == 200
            agent.send(frames.DRAIN)
            assert agent.ping() == 200
            assert edge.predict(as_json(kit.rows[0]), JSON).status == 200
            with pytest.raises(ConnectionRefusedError):
                worker.connect()
        assert worker.wait() == 0


def test_a_drained_worker_answers_what_it_has_taken(
    kit: Kit, model_dir: Path, tmp_path: Path
) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as agent:
        agent.load(model_dir)
        asked = [(frames.REQUEST, as_json(kit.rows[i]), {"content_type": JSON}) for i in range(50)]
        ids = agent.send_many([*asked, (frames.DRAIN, b"", {})])
        assert [agent.read().status for _ in ids[:-1]] == [200] * 50
        assert worker.wait() == 0


def test_a_cancelled_request_that_has_not_begun_is_not_run(script: Scripted) -> None:
    ran = script.model_dir / "ran"
    code = f"""
        import time
        def transform_fn(model, body, content_type, accept):
            with open({str(ran)!r}, "a") as file:
                file.write(body)
            time.sleep(0.3)
            return body
    """
    with script.serve(code) as client:
        first, second, third = client.send_many(
            [(frames.REQUEST, text, {}) for text in (b"a", b"b", b"c")]
        )
        client.send_bytes(frames.encode(frames.CANCEL, second))
        assert [client.read().request_id for _ in range(2)] == [first, third]
        assert ran.read_text() == "ac"


def test_requests_of_an_asker_who_left_are_not_run(script: Scripted) -> None:
    ran = script.model_dir / "ran"
    code = f"""
        import time
        def transform_fn(model, body, content_type, accept):
            with open({str(ran)!r}, "a") as file:
                file.write(body)
            time.sleep(0.3)
            return body
    """
    with script.serve(code) as client:
        gone = script.worker.connect()
        gone.send_many([(frames.REQUEST, text, {}) for text in (b"a", b"b", b"c")])
        gone.close()
        assert client.predict(b"d").body == b"d"
        assert client.predict(b"e").body == b"e"
        assert not {"b", "c"} & set(ran.read_text())  # "a" may have begun before its asker left


def test_a_process_whose_gpu_is_lost_answers_and_ends(tmp_path: Path) -> None:
    code = """
        import torch
        from argosy.runtimes import devices

        def broken(*ignored):
            raise RuntimeError("CUDA error: device-side assert triggered")

        def model_fn(model_dir):
            return broken

        # As on a machine with a GPU whose context an index out of range has destroyed.
        devices.gpu = lambda device: 0
        torch.cuda.synchronize = broken
    """
    with running_worker(tmp_path, "pytorch") as worker:
        scripted = Scripted(worker, tmp_path / "ml", KITS["pytorch"]())
        with scripted.serve(code) as client:
            reply = client.predict(b"[[1, 2, 3, 4]]", JSON)
            assert reply.status == 500
            assert "cannot use its GPU any more" in reply.json()["error-message"]
        assert worker.wait() == 70
