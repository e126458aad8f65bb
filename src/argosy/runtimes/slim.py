"""Imports without what they would bring along for models that mostly never need it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def put_off(name: str) -> Iterator[None]:
    """Have `import name` fail for a while; it is found when it is imported later.

    For libraries that import another only to know its types, and do without.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
