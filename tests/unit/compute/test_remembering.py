"""What is remembered of files is what they say."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from argosy.compute.remembering import Remembered
from argosy.ground.files import write_json


class Parses:
    """Counts what is parsed."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.files = Remembered(self._parse)

    def _parse(self, value: Any) -> Any:
        self.seen.append(value)
        return value

    def rounds(self, path: Path, count: int) -> Any:
        """What the last of so many rounds read."""
        for _ in range(count):
            self.files.next_round()
            read = self.files.read(str(path))
        return read


def written(path: Path, value: Any, *, seconds_ago: float) -> None:
    write_json(path, value, sync=False)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def test_a_file_that_does_not_change_is_parsed_once(tmp_path: Path) -> None:
    parses = Parses()
    written(tmp_path / "a", [1], seconds_ago=10)
    assert parses.rounds(tmp_path / "a", 5) == [1]
    assert parses.seen == [[1]]


def test_a_file_that_was_written_just_now_is_parsed_every_time(tmp_path: Path) -> None:
    parses = Parses()
    written(tmp_path / "a", [1], seconds_ago=-5)
    parses.rounds(tmp_path / "a", 3)
    assert parses.seen == [[1]] * 3


@pytest.mark.parametrize("ago", [5, 10, 20], ids=["later", "the same moment", "earlier"])
def test_another_file_is_parsed_anew_whenever_it_says_it_was_written(
    tmp_path: Path, ago: float
) -> None:
    parses = Parses()
    written(tmp_path / "a", [1], seconds_ago=10)
    assert parses.rounds(tmp_path / "a", 2) == [1]
    written(tmp_path / "a", [2], seconds_ago=ago)
    assert parses.rounds(tmp_path / "a", 2) == [2]


def test_a_file_that_goes_is_gone_and_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    parses = Parses()
    written(tmp_path / "a", [1], seconds_ago=10)
    written(tmp_path / "b", [2], seconds_ago=10)
    parses.files.read(str(tmp_path / "b"))
    parses.rounds(tmp_path / "a", 3)
    (tmp_path / "a").unlink()
    assert parses.rounds(tmp_path / "a", 1) is None
    parses.files.read(str(tmp_path / "b"))
    assert parses.seen == [[2], [1], None, [2]]
