"""What every test may ask for: a platform that runs for the whole session."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from argosy.testing import Platform

if "CI" not in os.environ:  # where it is set, hypothesis draws the same examples every time
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")


class SharedPlatform(Platform):
    """One whose clock stands by the machine's: what others measure would lie in the past."""

    def advance(self, seconds: float) -> float:
        raise AssertionError("ask for `movable`: the clock of the shared platform is not moved")


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """A whole platform, shared: use names of your own, and leave its processes and clock alone."""
    with SharedPlatform(allow_reset=True, capture_delay_s=1) as running:
        yield running


@pytest.fixture(scope="session")
def movable() -> Iterator[Platform]:
    """A platform whose clock tests move forward, which would confuse those of the shared one."""
    with Platform(allow_reset=True) as running:
        yield running
