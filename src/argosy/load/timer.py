"""A descriptor that is readable at even intervals, finer than event loops count.

Loops round their timers to milliseconds, which is too coarse to send at an even pace. Source:
timerfd_create(2); Python has it in `os` from 3.13.
"""

import ctypes
import os

_CLOCK_MONOTONIC = 1


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("first", _TimeSpec))


def timer(interval_s: float) -> int:
    """The descriptor; reading eight bytes of it makes it wait for the next interval.

    Raises OSError where the system has no such timers.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    every = _TimeSpec(int(interval_s), int(interval_s % 1 * 1e9))
    spec = _TimerSpec(every, every)
    if descriptor < 0 or libc.timerfd_settime(descriptor, 0, ctypes.byref(spec), None):
        raise OSError(ctypes.get_errno(), "no timer")
    return descriptor
