"""Asynchronous inference by the SageMaker SDK 2, seed 002's snippets among it, and the AWS CLI."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import IMAGE, ROWS, classifier, model_archive

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(INSTALL_S + 360)

MODEL = classifier()
EXPECTED = MODEL.predict(ROWS).tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a user has a model and rows."""
    (tmp_path / "model.tar.gz").write_bytes(model_archive(MODEL))
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    np.savetxt(tmp_path / "rows.csv", ROWS, delimiter=",")
    return tmp_path


def test_the_seeds_snippets_and_the_async_predictor(
    sdk2: Client, platform: Platform, folder: Path
) -> None:
    told = sdk2.run("sdk2_async.py", folder)

    assert told["seed"] == EXPECTED[:7]
    assert told["predict"] == EXPECTED
    assert told["predict_async"] == EXPECTED[:3]
    assert "Received client error (400) from primary" in told["failure"]


def test_a_stored_file_is_answered_from_a_shell(
    aws_cli: Client, platform: Platform, folder: Path
) -> None:
    aws_cli.shell("aws_async.sh", IMAGE, folder=folder)

    assert json.loads((folder / "predicted.json").read_text()) == EXPECTED
