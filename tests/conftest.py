"""What every test may ask for: a platform that runs for the whole session."""

from collections.abc import Iterator

import pytest

from argosy.testing import Platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """A whole platform, shared: use names of your own, and leave its processes alone."""
    with Platform(allow_reset=True) as running:
        yield running
