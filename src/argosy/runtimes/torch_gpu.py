"""What an error did to the GPU. After some, CUDA fails every call until the process ends."""

from __future__ import annotations

import torch

from argosy.runtimes import devices
from argosy.runtimes.base import Ruined


def check(device: str, error: BaseException) -> None:
    """Raises Ruined when the model's device is a GPU that this process can use no more.

    An index out of range is enough for that (a "device-side assert"); lack of memory is not.
    """
    if devices.gpu(device) is None or "cuda" not in str(error).lower():
        return
    try:
        torch.cuda.synchronize(device)
    except RuntimeError:
        said = str(error).strip().splitlines()[0]
        raise Ruined(f"{said}. This process cannot use its GPU any more and ends") from error
