"""How much memory processes hold, as the kernel counts it."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


def proportional_mib(pids: Iterable[int]) -> float:
    """MiB of the processes together, shared pages counted once (PSS); the gone count nothing."""
    return sum(_field(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids)


def resident_mib(pids: Iterable[int]) -> float:
    """MiB resident (RSS), summed."""
    return sum(_field(f"/proc/{pid}/status", "VmRSS:") for pid in pids)


@dataclass
class Peak:
    """The most that was seen."""

    mib: float = 0.0


def watched(pids: Iterable[int], interval: float = 0.1) -> contextlib.AbstractContextManager[Peak]:
    """Keeps the peak of the processes' resident memory while the block runs."""
    watched_pids = tuple(pids)
    return peak_of(lambda: resident_mib(watched_pids), interval)


@contextlib.contextmanager
def peak_of(measured: Callable[[], float], interval: float) -> Iterator[Peak]:
    """Keeps the most that `measured` said, in MiB, while the block runs."""
    peak = Peak(measured())
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(interval):
            peak.mib = max(peak.mib, measured())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _field(path: str, name: str) -> float:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)
