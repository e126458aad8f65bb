"""Containers of many models through a real edge and a real agent: the model-management API."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import PROGRAM
from tests.support.endpoints import archive
from tests.support.scenes import PATIENCE_S, Scene, scene
from tests.support.stage import wait_until

PROGRAMS = Path(__file__).parents[1] / "support" / "many_programs"


def number(value: int) -> bytes:
    """A model of `many_programs`."""
    return archive({"number": str(value).encode()})


@pytest.fixture(scope="module")
def room_for_two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    if why_not := probe():
        pytest.skip(why_not)
    environment = {"ROOM": "2", "SAGEMAKER_MULTI_MODEL": "true"}
    with scene(
        tmp_path_factory.mktemp("programs"),
        runtime=PROGRAM,
        image_folder=str(PROGRAMS),
        environment=environment,
    ) as ready:
        for value in range(6):
            ready.shelves[0].put(f"{value}.tar.gz", number(value))
        yield ready


def test_a_container_loads_what_is_called_and_unloads_when_it_has_no_room(
    room_for_two: Scene,
) -> None:
    calls = [0, 0, 1, 0, 2, 0, 3, 4, 5, 0]

    assert [room_for_two.call(f"{n}.tar.gz", b"number") for n in calls] == [str(n) for n in calls]

    unloaded = [line for line in room_for_two.shelves[0].log("unloaded") if "model" not in line]
    assert unloaded[:3] == ["unloaded 1", "unloaded 2", "unloaded 0"]
    assert room_for_two.call("0.tar.gz", b"loaded") == "2"


def test_many_calls_at_once_for_more_models_than_there_is_room_for_are_all_answered(
    room_for_two: Scene,
) -> None:
    wanted = [n % 6 for n in range(60)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: room_for_two.call(f"{n}.tar.gz", b"number"), wanted))

    assert answers == [str(n) for n in wanted]


def test_a_model_in_use_is_not_unloaded_until_it_has_answered(room_for_two: Scene) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        long = pool.submit(room_for_two.call, "0.tar.gz", b"sleep 1.5")
        for n in (1, 2, 3, 4):
            assert room_for_two.call(f"{n}.tar.gz", b"number") == str(n)
        assert long.result() == "slept"


def test_a_model_that_the_container_lost_is_loaded_again_unnoticed(room_for_two: Scene) -> None:
    assert room_for_two.call("1.tar.gz", b"forget") == "forgotten"
    assert room_for_two.call("1.tar.gz", b"number") == "1"


def test_a_404_of_the_model_itself_reaches_the_client(room_for_two: Scene) -> None:
    error = room_for_two.refused("1.tar.gz", b"404").response

    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 404)
    assert "finds nothing" in error["OriginalMessage"]


def test_a_load_that_fails_is_that_models_error_in_the_containers_words(
    room_for_two: Scene,
) -> None:
    room_for_two.shelves[0].put("none.tar.gz", archive({"readme": b"no number"}))
    error = room_for_two.refused("none.tar.gz", b"number").response

    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
    assert "there is no number" in error["OriginalMessage"]
    assert room_for_two.call("2.tar.gz", b"header") == "2.tar.gz"


def test_a_model_that_finds_no_room_in_an_empty_container_is_a_507(tmp_path: Path) -> None:
    if why_not := probe():
        pytest.skip(why_not)
    environment = {"ROOM": "0", "SAGEMAKER_MULTI_MODEL": "true"}
    with scene(
        tmp_path, runtime=PROGRAM, image_folder=str(PROGRAMS), environment=environment
    ) as full:
        full.shelves[0].put("1.tar.gz", number(1))
        error = full.refused("1.tar.gz", b"number").response

        assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 507)
        assert "no room in here" in error["OriginalMessage"]


def test_models_that_are_not_kept_are_unloaded_after_each_call(tmp_path: Path) -> None:
    if why_not := probe():
        pytest.skip(why_not)
    environment = {"SAGEMAKER_MULTI_MODEL": "true"}
    with scene(
        tmp_path,
        runtime=PROGRAM,
        image_folder=str(PROGRAMS),
        environment=environment,
        caches_models=False,
    ) as few:
        few.shelves[0].put("1.tar.gz", number(1))
        assert [few.call("1.tar.gz", b"number") for _ in range(3)] == ["1"] * 3

        wait_until(lambda: few.shelves[0].log("unloaded 1"), PATIENCE_S)
