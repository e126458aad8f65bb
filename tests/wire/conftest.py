"""Botocore's language-neutral protocol tables, fetched once when they are not there."""

from pathlib import Path

import pytest

from tests.support.protocol_tables import CannotFetch, fetched


@pytest.fixture(scope="session")
def tables() -> Path:
    """The folder with input/*.json and output/*.json of the botocore that is installed."""
    try:
        return fetched()
    except CannotFetch as error:
        pytest.skip(f"botocore's protocol tables cannot be fetched: {error}")
