"""An instance of many models, asked as an edge asks it: real agent, real zygote, real sandbox."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.ground.instances import Phase
from argosy.runtimes import frames
from tests.support.endpoints import archive
from tests.support.instances import hostile, until
from tests.support.shelves import CSV, Shelf, heavy, labels, obedient, shelf
from tests.support.worker_client import WorkerClient


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One instance for tests that leave it as it was."""
    with shelf(tmp_path_factory.mktemp("many") / "data") as made:
        made.put("a.tar.gz", labels(3, 7))
        made.put("deep/b.tar.gz", labels(4, 8))
        made.put("obeys.tar.gz", obedient())
        made.put("broken.tar.gz", b"this is no archive")
        made.put("empty.tar.gz", archive({"readme.txt": b"no model"}))
        made.put("dies.tar.gz", hostile("import os; os._exit(3)"))
        made.serve()
        yield made


def test_a_model_is_loaded_on_the_first_call_and_there_on_the_second(shared: Shelf) -> None:
    with shared.edge() as edge:
        first, second = edge.find("a.tar.gz").json(), edge.find("a.tar.gz").json()

        assert (first["hit"], second["hit"]) == (False, True)
        assert first["address"] == second["address"]
        assert edge.predict("a.tar.gz") == "3\n7\n"
        assert edge.predict("deep/b.tar.gz") == "4\n8\n"


def test_a_model_that_is_put_later_can_be_called_at_once(shared: Shelf) -> None:
    with shared.edge() as edge:
        assert edge.find("new.tar.gz").status == 404
        shared.put("new.tar.gz", labels(1, 2))
        assert edge.predict("new.tar.gz") == "1\n2\n"


def test_many_who_call_a_model_first_wait_for_one_load(shared: Shelf) -> None:
    shared.put("one.tar.gz", labels(5, 6))
    with shared.edge() as edge, shared.edge() as other:
        asked = [edge.ask("one.tar.gz") for _ in range(20)]
        also = [other.ask("one.tar.gz") for _ in range(20)]
        found = [edge.await_found(request_id).json() for request_id in asked]
        found += [other.await_found(request_id).json() for request_id in also]

    assert len({one["address"] for one in found}) == 1
    assert not any(one["hit"] for one in found[:20])
    assert len(shared.log("loaded model one.tar.gz")) == 1


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("../shelf/a.tar.gz", 400, "without '..'"),
        ("/a.tar.gz", 400, "must be relative"),
        ("deep//b.tar.gz", 400, "'//'"),
        ("nothing.tar.gz", 404, "bucket: models, key: shelf/nothing.tar.gz"),
        ("deep", 404, "key: shelf/deep)"),
        ("broken.tar.gz", 422, "broken.tar.gz"),
        ("empty.tar.gz", 500, "no model file"),
        ("dies.tar.gz", 500, "exited with status 3"),
    ],
)
def test_what_cannot_be_loaded_is_said_and_hurts_no_other_model(
    shared: Shelf, target: str, status: int, words: str
) -> None:
    with shared.edge() as edge:
        assert edge.predict("a.tar.gz") == "3\n7\n"
        refused = edge.find(target)

        assert (refused.status, words in refused.json()["message"]) == (status, True), refused
        assert edge.find("a.tar.gz").json()["hit"] is True


def test_a_model_that_dies_is_loaded_again_and_its_neighbours_stay(shared: Shelf) -> None:
    with shared.edge() as edge:
        assert edge.predict("a.tar.gz") == "3\n7\n"
        address = edge.find("obeys.tar.gz").json()["address"].removeprefix("unix:")
        with WorkerClient(address) as worker, pytest.raises(ConnectionError):
            worker.predict(b"os._exit(9)", CSV, CSV)
        until(lambda: shared.log("obeys.tar.gz is gone"))

        assert edge.predict("obeys.tar.gz", "pass") == "done"
        assert edge.find("a.tar.gz").json()["hit"] is True


def test_models_cannot_write_where_the_agent_unpacks(shared: Shelf) -> None:
    escape = 'os.symlink("/tmp", "/opt/ml/models/escape")'
    with shared.edge() as edge:
        address = edge.find("obeys.tar.gz").json()["address"].removeprefix("unix:")
        with WorkerClient(address) as worker:
            reply = worker.predict(escape.encode(), CSV, CSV)

    assert (reply.status, b"Read-only file system" in reply.body) == (500, True)


def test_what_models_do_is_told_once_to_one_edge(shared: Shelf) -> None:
    shared.put("told.tar.gz", labels(1, 2))
    with shared.edge() as edge:
        edge.predict("told.tar.gz")
        edge.wait_for(lambda: any(told["load_us"] for told in edge.figures))

    assert edge.figures[-1]["loaded"] >= 1


def test_memory_is_kept_within_the_limit_and_every_answer_is_right(tmp_path: Path) -> None:
    with shelf(tmp_path / "data", multi_model_memory_mb=420) as few:
        for number in range(8):
            few.put(f"{number}.tar.gz", heavy(60 + number))
        few.serve()
        with few.edge() as edge:
            for number in [*range(8), *range(8)]:
                assert edge.predict(f"{number}.tar.gz", "") == str((60 + number) << 20)
                assert len(few.pids()) <= 7
            last = edge.find("7.tar.gz").json()

        assert last["hit"] is True
        assert few.log("unloaded model 0.tar.gz")


def test_a_model_in_use_is_not_unloaded_before_it_has_answered(tmp_path: Path) -> None:
    with shelf(tmp_path / "data", multi_model_memory_mb=400) as few:
        few.put("slow.tar.gz", obedient())
        for number in range(4):
            few.put(f"{number}.tar.gz", heavy(100))
        few.serve()
        with few.edge() as edge:
            slow = edge.find("slow.tar.gz").json()["address"]
            with WorkerClient(slow.removeprefix("unix:"), 60) as worker:
                asked = worker.send(frames.REQUEST, b"time.sleep(3)", content_type=CSV, accept=CSV)
                for number in range(4):
                    assert edge.predict(f"{number}.tar.gz", "") == str(100 << 20)
                reply = worker.read()

    assert (reply.request_id, reply.body) == (asked, b"done")


def test_a_model_larger_than_the_limit_is_refused_by_itself(tmp_path: Path) -> None:
    with shelf(tmp_path / "data", multi_model_memory_mb=300) as few:
        few.put("a.tar.gz", labels(3, 7))
        few.put("huge.tar.gz", heavy(290))
        few.put("beyond.tar.gz", heavy(900))
        few.serve()
        with few.edge() as edge:
            huge, beyond = edge.find("huge.tar.gz"), edge.find("beyond.tar.gz")

            assert (huge.status, "300 MiB" in huge.json()["message"]) == (507, True), huge
            assert (beyond.status, "MemoryError" in beyond.json()["message"]) == (500, True)
            assert edge.predict("a.tar.gz") == "3\n7\n"


def test_models_that_are_not_cached_go_after_each_use_files_and_all(tmp_path: Path) -> None:
    with shelf(tmp_path / "data") as few:
        few.put("a.tar.gz", labels(3, 7))
        few.serve(caches_models=False)
        folder = few.world.data_dir.instance(few.instance.spec.instance_id) / "models"
        with few.edge() as edge:
            found = edge.find("a.tar.gz").json()
            assert found["once"] is True
            with WorkerClient(found["address"].removeprefix("unix:")) as worker:
                assert worker.predict(b"0,0\n", CSV, CSV).body == b"3\n"
            assert list(folder.iterdir())
            edge.tell(frames.RELEASE, address=found["address"])
            until(lambda: not few.pids() and not list(folder.iterdir()))

            assert edge.find("a.tar.gz").json()["hit"] is False


def test_an_object_put_under_the_same_name_is_served_when_it_is_loaded_again(
    tmp_path: Path,
) -> None:
    with shelf(tmp_path / "data") as few:
        few.put("a.tar.gz", labels(3, 7))
        few.serve()
        with few.edge() as edge:
            assert edge.predict("a.tar.gz") == "3\n7\n"
            few.put("a.tar.gz", labels(4, 8))
            assert edge.predict("a.tar.gz") == "3\n7\n"
            os.kill(few.pids()[0], signal.SIGKILL)
            until(lambda: few.log("a.tar.gz is gone"))

            assert edge.predict("a.tar.gz") == "4\n8\n"


def test_or_at_once_where_that_is_wanted(tmp_path: Path) -> None:
    with shelf(tmp_path / "data", multi_model_refresh_s=0.1) as few:
        few.put("a.tar.gz", labels(3, 7))
        few.serve()
        with few.edge() as edge:
            assert edge.predict("a.tar.gz") == "3\n7\n"
            few.put("a.tar.gz", labels(4, 8))

            def noticed() -> bool:
                edge.tell(frames.USED, used=["a.tar.gz"], busy=[])
                with contextlib.suppress(OSError):  # as it is being unloaded
                    return edge.predict("a.tar.gz") == "4\n8\n"
                return False

            until(noticed)


def test_the_instance_fails_with_its_zygote_and_says_so(tmp_path: Path) -> None:
    with shelf(tmp_path / "data") as few:
        few.put("a.tar.gz", labels(3, 7))
        few.serve()
        with few.edge() as edge:
            edge.predict("a.tar.gz")
            model = few.pids()[0]
            os.kill(few.instance.state.worker_pid, signal.SIGKILL)
            failed = few.world.reach(few.instance.spec.instance_id, Phase.FAILED)

    assert "was killed (SIGKILL)" in failed.state.reason
    until(lambda: not Path(f"/proc/{model}").exists())
