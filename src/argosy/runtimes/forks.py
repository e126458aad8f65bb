"""What a process does that was forked to hold a model: its whole life, from fork to exit.

For parents of one thread only, which run no user code: a fork shares with them all memory that
neither writes to.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

_PR_SET_PDEATHSIG = 1


def live(parent: int, work: Callable[[], None]) -> NoReturn:
    """Do the work and exit; die with the parent, whose pid that is, before."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        _seed()
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status & 0xFF)


def _seed() -> None:
    """Two processes must not draw the same numbers because they were forked from one state."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
