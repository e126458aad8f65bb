"""What every test may ask for: a platform that runs for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from argosy.testing import Platform
from tests.support.clearing import clear_away

if "CI" not in os.environ:  # where it is set, hypothesis draws the same examples every time
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")


LONG_FIRST = ("docs", "journeys", "crash", "faults", "contracts", "services")
"""Folders whose files take minutes; those of the others take seconds, and fill up the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first: where several run at a time, none is left alone last."""
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(root).parts[0]
        return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)

    items.sort(key=place)


class SharedPlatform(Platform):
    """One whose clock stands by the machine's: what others measure would lie in the past."""

    def advance(self, seconds: float) -> float:
        raise AssertionError("ask for `movable`: the clock of the shared platform is not moved")


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """A whole platform, shared: use names of your own, and leave its processes and clock alone."""
    with SharedPlatform(allow_reset=True, capture_delay_s=1) as running:
        SHARED.append(running)
        yield running
        SHARED.clear()


SHARED: list[SharedPlatform] = []
"""The platform, once it runs."""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Once a file is done, and its own fixtures with it, its endpoints go."""
    if nextitem is not None and nextitem.path != item.path:
        for running in SHARED:
            clear_away(running)


@pytest.fixture(scope="session")
def movable() -> Iterator[Platform]:
    """A platform whose clock tests move forward, which would confuse those of the shared one."""
    with Platform(allow_reset=True) as running:
        yield running
