"""How many processes are counted below one."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from argosy.agent.crowd import below


@pytest.fixture
def family() -> Iterator[int]:
    """The pid of a shell with two children, one of which has a child of its own."""
    text = "sh -c 'sleep 100 & echo; wait' & sleep 100 & echo; wait"
    process = subprocess.Popen(["sh", "-c", text], stdout=subprocess.PIPE, start_new_session=True)
    with process:
        assert process.stdout is not None
        for _ in range(2):
            process.stdout.readline()
        yield process.pid
        os.killpg(process.pid, 9)


def test_all_descendants_count(family: int) -> None:
    assert below(family, 100) == 3


def test_no_more_are_counted_than_are_too_many(family: int) -> None:
    assert below(family, 1) == 2


def test_a_process_that_is_gone_has_none() -> None:
    assert below(2**22 + 1, 10) == 0
