"""The real clients, pointed at the shared platform."""

import pytest
from tests.support.clients import AWS_CLI, SDK2, SDK3, Client, client

from argosy.testing import Platform


@pytest.fixture(scope="session")
def sdk2(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The SageMaker Python SDK, version 2."""
    return client(platform, SDK2, tmp_path_factory.mktemp("sdk2"))


@pytest.fixture(scope="session")
def sdk3(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The SageMaker Python SDK, version 3."""
    return client(platform, SDK3, tmp_path_factory.mktemp("sdk3"))


@pytest.fixture(scope="session")
def aws_cli(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The `aws` command."""
    return client(platform, AWS_CLI, tmp_path_factory.mktemp("aws"))
