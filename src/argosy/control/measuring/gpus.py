"""What processes use of NVIDIA's GPUs; nothing where there are none, or no nvidia-ml-py.

Of a GPU that several processes use, each counts with what it uses itself.
"""

import contextlib
import importlib
import logging
from typing import Any

log = logging.getLogger(__name__)


class Gpus:
    """The GPUs of this machine. Looked for once, when the first instance is measured."""

    def __init__(self, library: Any = None) -> None:
        """library: the module pynvml, or one like it."""
        self._library = library
        self._devices: list[Any] | None = None
        self._seen: list[int] = []

    def read(self) -> tuple[dict[int, float], dict[int, float]] | None:
        """(pid → per cent of GPUs, pid → per cent of their memory), 100 for each GPU.

        None where there is no GPU.
        """
        devices = self._find()
        if not devices:
            return None
        busy: dict[int, float] = {}
        memory: dict[int, float] = {}
        for number, device in enumerate(devices):
            with contextlib.suppress(self._library.NVMLError):
                self._read_memory(device, memory)
            with contextlib.suppress(self._library.NVMLError):
                self._read_busy(number, device, busy)
        return busy, memory

    def _find(self) -> list[Any]:
        if self._devices is None:
            self._devices = []
            try:
                self._library = self._library or importlib.import_module("pynvml")
            except ImportError:
                return []
            with contextlib.suppress(self._library.NVMLError):
                self._library.nvmlInit()
                count = self._library.nvmlDeviceGetCount()
                by_index = self._library.nvmlDeviceGetHandleByIndex
                self._devices = [by_index(number) for number in range(count)]
                self._seen = [0] * count
        return self._devices

    def _read_memory(self, device: Any, memory: dict[int, float]) -> None:
        total = self._library.nvmlDeviceGetMemoryInfo(device).total
        for process in self._library.nvmlDeviceGetComputeRunningProcesses(device):
            share = 100.0 * (process.usedGpuMemory or 0) / total
            memory[process.pid] = memory.get(process.pid, 0.0) + share

    def _read_busy(self, number: int, device: Any, busy: dict[int, float]) -> None:
        """The average of what the driver sampled of each process since the last time."""
        told = self._library.nvmlDeviceGetProcessUtilization(device, self._seen[number])
        samples: dict[int, list[int]] = {}
        for sample in told:
            samples.setdefault(sample.pid, []).append(sample.smUtil)
            self._seen[number] = max(self._seen[number], sample.timeStamp)
        for pid, used in samples.items():
            busy[pid] = busy.get(pid, 0.0) + sum(used) / len(used)
