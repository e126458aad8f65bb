"""Where a model computes: ARGOSY_DEVICE of its environment (cpu, cuda, cuda:1), else a GPU if any.

Pure; what there is, the framework knows.
"""

from __future__ import annotations

import os
import re

from argosy.runtimes.base import LoadError


def wanted() -> str:
    """ "cpu", "cuda" or "cuda:N" when the model's environment asks for it, else "".

    Raises LoadError for anything else.
    """
    text = os.environ.get("ARGOSY_DEVICE", "").strip().lower()
    if text and not re.fullmatch(r"cpu|cuda(:\d+)?", text):
        raise LoadError(f"ARGOSY_DEVICE is {text!r}: use cpu, cuda or cuda:N")
    return text


def gpu(device: str) -> int | None:
    """The number of the GPU that a device is, None for the processor."""
    if not device.startswith("cuda"):
        return None
    return int(device.partition(":")[2] or 0)


def threads() -> int:
    """How many threads one prediction may use: OMP_NUM_THREADS of the model, else one."""
    text = os.environ.get("OMP_NUM_THREADS", "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else 1
