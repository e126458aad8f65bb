"""Says what the figures were measured on."""

import datetime
import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.place import ROOT

QUIET = 0.1
"""Busy with other work up to this share, a machine is quiet enough."""


@dataclass(frozen=True)
class Machine:
    """The facts that make a figure comparable."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    commit: str
    date: str
    busy: float
    """Share of all cores that others used before anything was started."""

    def sentence(self) -> str:
        return (
            f"{self.cores} cores of {self.cpu}, {self.memory_gib:.0f} GiB, {self.system}, "
            f"Python {self.python}, commit {self.commit}, {self.date}; {busy_text(self.busy)}"
        )


def describe() -> Machine:
    """This machine, now."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=memory,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        commit=_commit(),
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        busy=busy_share(),
    )


def busy_share(seconds: float = 0.5) -> float:
    """Share of all cores in use over the next moments, this machine's host included (steal)."""
    idle_before, all_before = _ticks()
    time.sleep(seconds)
    idle, everything = _ticks()
    return 1.0 - (idle - idle_before) / max(1, everything - all_before)


def busy_text(share: float) -> str:
    """How far the figures can be trusted: they are ratios of what others left over."""
    said = f"{share:.0%} busy with other work"
    return said if share <= QUIET else f"{said}: too much for figures to be quoted"


def _ticks() -> tuple[int, int]:
    """Clock ticks all cores were idle, and all their ticks, since boot (proc(5), /proc/stat)."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    answer = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"
