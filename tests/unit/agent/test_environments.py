"""The folder of environments: held, shared, collected, and never half there."""

import os
import time
from pathlib import Path

import pytest

from argosy.agent.environments import NOTE, Environments, Lock, size_of
from argosy.ground.files import write_json

DAY = 86_400.0


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(tmp_path)


def make(environments: Environments, name: str, *, age_s: float = 0.0, size: int = 1) -> Path:
    folder = environments.folder(name)
    (folder / "site").mkdir(parents=True)
    write_json(folder / NOTE, {"bytes": size})
    os.utime(folder, (time.time() - age_s,) * 2)
    return folder


def names(environments: Environments) -> set[str]:
    return {path.name for path in environments.root.iterdir() if path.is_dir()}


def test_what_nobody_has_used_for_long_goes(environments: Environments) -> None:
    make(environments, "old", age_s=8 * DAY)
    make(environments, "new", age_s=DAY)

    environments.collect(7 * DAY, 100)

    assert names(environments) == {"new"}


def test_what_is_in_use_stays_however_old_and_large(environments: Environments) -> None:
    make(environments, "old", age_s=8 * DAY, size=200)
    held = environments.use("old")
    assert held is not None
    os.utime(environments.folder("old"), (0, 0))

    environments.collect(7 * DAY, 100)

    assert names(environments) == {"old"}
    held.release()
    environments.collect(7 * DAY, 100)
    assert names(environments) == set()


def test_the_longest_unused_go_when_all_take_too_much(environments: Environments) -> None:
    for name, age in (("a", 3.0), ("b", 2.0), ("c", 1.0)):
        make(environments, name, age_s=age, size=60)

    environments.collect(7 * DAY, 130)

    assert names(environments) == {"b", "c"}


def test_two_may_use_one_and_neither_loses_it(environments: Environments) -> None:
    make(environments, "e", age_s=8 * DAY)
    first, second = environments.use("e"), environments.use("e")
    assert first is not None
    assert second is not None
    first.release()

    environments.collect(0.0, 0)

    assert second.site is not None
    second.release()


def test_an_absent_environment_cannot_be_used(environments: Environments) -> None:
    assert environments.use("e") is None


def test_a_remainder_goes_and_what_is_being_made_stays(environments: Environments) -> None:
    environments.temporary("dead")
    with environments.building("alive"):
        environments.temporary("alive")
        environments.collect(DAY, 100)
        assert {name.partition(".")[0] for name in names(environments)} == {"alive"}
        assert environments.is_being_made("alive")
    assert not environments.is_being_made("alive")


def test_a_link_in_place_of_the_packages_is_not_followed(environments: Environments) -> None:
    folder = make(environments, "e")
    (folder / "site").rmdir()
    (folder / "site").symlink_to("/")
    held = environments.use("e")
    assert held is not None
    assert held.site is None
    held.release()


def test_a_lock_whose_file_was_removed_is_taken_anew(tmp_path: Path) -> None:
    first = Lock.take(tmp_path / "l")
    assert first is not None
    assert Lock.take(tmp_path / "l", wait=False) is None
    first.release(remove=True)
    second = Lock.take(tmp_path / "l", wait=False)
    assert second is not None
    second.release()


def test_files_with_several_names_count_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    one = size_of(tmp_path)
    os.link(tmp_path / "a", tmp_path / "b")
    assert size_of(tmp_path) == one >= 100_000
