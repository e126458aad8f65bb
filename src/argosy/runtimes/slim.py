"""Imports without what they would bring along for models that mostly never need it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Have `import name` fail for a while; it is found when it is imported later.

    For libraries that import others only because they are installed, and do without. What is
    imported already stays.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
