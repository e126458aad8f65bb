"""A process of a batch transform keeps the memory of one body for the next."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from argosy.runtimes.large_bodies import keep_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "keep":
    keep_memory()
for turn in range(12):
    if turn == 2:
        before = faults()
    bodies = [b"x" * (6 << 20) for _ in range(3)]
    del bodies
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's own")
def test_memory_of_one_body_is_used_for_the_next() -> None:
    pages = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", FAULTS, how], capture_output=True, timeout=60, check=True
            ).stdout
        )
        for how in ("keep", "leave")
    }
    assert pages["keep"] < 2_000 < pages["leave"]
