"""TargetModel through a real edge and real instances, by boto3, with all that may go wrong."""

import concurrent.futures
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from argosy.agent.models.memory import own, resident
from tests.support.endpoints import archive
from tests.support.instances import hostile
from tests.support.scenes import PATIENCE_S, Scene, scene
from tests.support.shelves import heavy, labels
from tests.support.stage import ENDPOINT, wait_until

SLOW = """
import time
def model_fn(folder):
    time.sleep(3)
    return 1
def transform_fn(model, body, content_type, accept):
    return "late", "text/csv"
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("edge")) as ready:
        yield ready


def test_a_model_is_called_by_its_name_and_counted_as_a_miss_and_then_as_hits(
    shared: Scene,
) -> None:
    shared.shelves[0].put("fresh.tar.gz", labels(1, 2))
    hits, misses = shared.counted("hits"), shared.counted("misses")

    assert [shared.call("fresh.tar.gz") for _ in range(5)] == ["1\n2\n"] * 5

    wait_until(lambda: shared.counted("hits") == hits + 4, PATIENCE_S)
    assert shared.counted("misses") == misses + 1


def test_the_model_is_told_its_name(shared: Scene) -> None:
    tells = """
def model_fn(folder): return 1
def transform_fn(model, body, content_type, accept, context):
    return context.get_request_header(0, "X-Amzn-SageMaker-Target-Model"), "text/csv"
"""
    shared.shelves[0].put("deep/tells.tar.gz", archive({"code/inference.py": tells.encode()}))

    assert shared.call("deep/tells.tar.gz") == "deep/tells.tar.gz"
    assert shared.call("deep/tells.tar.gz") == "deep/tells.tar.gz"


def test_many_first_calls_at_once_are_answered_from_one_load(shared: Scene) -> None:
    shared.shelves[0].put("crowd.tar.gz", labels(5, 6))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shared.call("crowd.tar.gz"), range(32)))

    assert set(answers) == {"5\n6\n"}
    assert shared.loads("crowd.tar.gz") == [1]


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("nothing.tar.gz", "ValidationError", "Failed to download model data(bucket: models"),
        ("../a.tar.gz", "ValidationError", "without '..'"),
        ("/a.tar.gz", "ValidationError", "must be relative"),
        ("broken.tar.gz", "ValidationError", "Failed to extract"),
        ("dies.tar.gz", "ModelError", "exited with status 3"),
    ],
)
def test_a_model_that_cannot_be_had_is_an_error_of_its_own(
    shared: Scene, target: str, code: str, words: str
) -> None:
    shared.shelves[0].put("broken.tar.gz", b"no archive")
    shared.shelves[0].put("dies.tar.gz", hostile("import os; os._exit(3)"))
    error = shared.refused(target).response["Error"]

    assert error["Code"] == code
    assert words in error["Message"]
    assert shared.call("a.tar.gz") == "3\n7\n"


def test_a_name_must_be_given_where_there_are_many_models(shared: Scene) -> None:
    with pytest.raises(ClientError, match="name one by TargetModel") as caught:
        shared.client.invoke_endpoint(EndpointName=ENDPOINT, Body=b"")
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_a_model_that_dies_each_time_is_an_error_and_others_go_on(shared: Scene) -> None:
    error = shared.refused("obeys.tar.gz", b"os._exit(9)").response

    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
    assert "process ended" in error["OriginalMessage"]
    assert shared.call("obeys.tar.gz", b"pass") == "done"
    assert shared.call("a.tar.gz") == "3\n7\n"


def test_a_model_killed_while_it_is_idle_is_loaded_again_unnoticed(shared: Scene) -> None:
    for _ in range(3):
        assert shared.call("a.tar.gz") == "3\n7\n"
        for pid in shared.shelves[0].pids():
            os.kill(pid, signal.SIGKILL)
    assert shared.call("a.tar.gz") == "3\n7\n"


def test_a_client_that_waits_too_long_for_a_load_is_told_so_and_loading_goes_on(
    tmp_path: Path,
) -> None:
    with scene(tmp_path, timeout_s=0.8) as few:
        few.shelves[0].put("slow.tar.gz", archive({"code/inference.py": SLOW.encode()}))
        error = few.refused("slow.tar.gz").response

        assert error["Error"]["Code"] == "ModelNotReadyException"
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 429

        def answered() -> bool:
            with contextlib.suppress(ClientError):
                return few.call("slow.tar.gz") == "late"
            return False

        wait_until(answered, PATIENCE_S)
        assert few.loads("slow.tar.gz") == [1]


def test_models_that_are_not_kept_answer_every_call_and_leave_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, caches_models=False) as few:
        assert [few.call("a.tar.gz") for _ in range(3)] == ["3\n7\n"] * 3
        folder = few.shelves[0].world.data_dir.instance(few.shelves[0].instance.spec.instance_id)

        wait_until(lambda: not few.shelves[0].pids(), PATIENCE_S)
        wait_until(lambda: not list((folder / "models").iterdir()), PATIENCE_S)
        assert few.loads("a.tar.gz")[0] >= 1


def test_calls_go_where_a_model_is_warm_and_survive_the_loss_of_that_instance(
    tmp_path: Path,
) -> None:
    with scene(tmp_path, instances=2) as pair:
        for number in range(6):
            pair.shelves[0].put(f"{number}.tar.gz", labels(number, 9))
        for number in [*range(6), *range(6)]:
            assert pair.call(f"{number}.tar.gz") == f"{number}\n9\n"
        where = [pair.loads(f"{number}.tar.gz") for number in range(6)]
        assert all(sum(loads) == 1 for loads in where)

        lost = 0 if where[0][0] else 1
        os.kill(pair.shelves[lost].instance.state.worker_pid, signal.SIGKILL)
        for number in range(6):
            assert pair.call(f"{number}.tar.gz") == f"{number}\n9\n"


def test_a_busy_model_is_loaded_by_a_second_instance(tmp_path: Path) -> None:
    with scene(tmp_path, instances=2) as pair:
        assert pair.call("obeys.tar.gz", b"pass") == "done"
        client = pair.stage.client(read_timeout=PATIENCE_S, max_pool_connections=60)
        pair.client = client
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            calls = [pool.submit(pair.call, "obeys.tar.gz", b"time.sleep(0.1)") for _ in range(60)]
            assert {one.result() for one in calls} == {"done"}

        assert pair.loads("obeys.tar.gz") == [1, 1]


def test_an_instance_that_leaves_the_table_finishes_what_it_has(tmp_path: Path) -> None:
    with scene(tmp_path, instances=2) as pair:
        assert pair.call("obeys.tar.gz", b"pass") == "done"
        home = 0 if pair.loads("obeys.tar.gz")[0] else 1
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            long = pool.submit(pair.call, "obeys.tar.gz", b"time.sleep(2)")
            time.sleep(0.5)
            gone = pair.shelves.pop(home)
            pair.stage.publish(pair.stage.table(pair.entry()))
            gone.world.run(gone.world.backend.stop(gone.instance.spec.instance_id))
            assert pair.call("a.tar.gz") == "3\n7\n"

            assert long.result() == "done"


def test_models_come_and_go_under_the_limit_and_a_replaced_one_is_served_when_it_comes_back(
    tmp_path: Path,
) -> None:
    with scene(tmp_path, settings={"multi_model_memory_mb": 400}) as few:
        shelf = few.shelves[0]
        for number in range(5):
            shelf.put(f"{number}.tar.gz", heavy(70))
        assert few.call("a.tar.gz") == "3\n7\n"
        shelf.put("a.tar.gz", labels(4, 8))
        assert few.call("a.tar.gz") == "3\n7\n"

        for number in range(5):
            assert few.call(f"{number}.tar.gz") == str(70 << 20)
            zygote = shelf.instance.state.worker_pid
            taken = resident(zygote) + sum(own(pid) for pid in shelf.pids())
            assert taken <= 400 << 20
        assert shelf.log("unloaded model a.tar.gz")
        assert few.call("a.tar.gz") == "4\n8\n"
        assert not shelf.log("is gone")
