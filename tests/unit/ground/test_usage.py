"""What processes use: with everything that they started, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from argosy.ground import usage

BURNS = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURNS!r}], check=True)
holds = "held = bytearray(40 << 20); print('.', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", holds])
child.wait()
"""


def test_a_tree_counts_what_its_processes_used_also_when_they_are_gone() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        found = usage.trees([process.pid])[process.pid]
        assert len(found.pids) == 2
        assert 0.3 <= found.cpu_s < 5
        assert 40 << 20 <= usage.memory(found.pids) < 200 << 20
        process.communicate(b"\n")
    assert usage.trees([process.pid]) == {}


def test_memory_that_forks_share_is_counted_once() -> None:
    script = """
import os, sys
held = bytearray(b"x" * (60 << 20))
if not os.fork(): sys.stdin.read()
else:
    print(".", flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        pids = usage.trees([process.pid])[process.pid].pids
        assert len(pids) == 2
        assert usage.memory(pids) < 100 << 20
        process.communicate(b"")


def test_the_machine_has_memory_and_a_disk(tmp_path: Path) -> None:
    assert usage.machine_memory() > 100 << 20
    assert usage.disk_share(tmp_path) == pytest.approx(0.5, abs=0.5)
