"""The AWS CLI against a real platform: what its users type."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import IMAGE, ROWS, classifier, create_model, model_archive
from tests.support.transforms import bucket, csv

from argosy.testing import Platform

MODEL = classifier()


@pytest.mark.timeout(INSTALL_S + 360)
def test_a_model_is_uploaded_served_called_and_deleted_from_a_shell(
    aws_cli: Client, platform: Platform, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "model.tar.gz").write_bytes(model_archive(MODEL))
    (data / "rows.json").write_text(json.dumps(ROWS.tolist()))
    np.savetxt(data / "rows.csv", ROWS, delimiter=",")

    printed = aws_cli.shell("aws_journey.sh", IMAGE, folder=tmp_path)

    said = dict(part.split("\n", 1) for part in printed.split("== ")[1:])
    expected = MODEL.predict(ROWS).tolist()
    assert said["bucket"].split() == ["rows.csv", "rows.json"]
    assert (tmp_path / "back" / "rows.csv").read_bytes() == (data / "rows.csv").read_bytes()
    assert said["look"].split() == ["cli-journey", "iris"]
    assert said["call"].split() == ["AllTraffic"]
    assert said["scale"].split() == ["2", "1", "4"]
    assert json.loads((tmp_path / "predicted.json").read_text()) == expected
    assert json.loads((tmp_path / "predicted-b.json").read_text()) == expected
    sagemaker = platform.client("sagemaker")
    assert sagemaker.list_models(NameContains="cli-journey")["Models"] == []


@pytest.mark.timeout(INSTALL_S + 360)
def test_a_transform_job_is_run_from_a_shell(
    aws_cli: Client, platform: Platform, tmp_path: Path
) -> None:
    create_model(platform, "cli-transform", model_archive(MODEL))
    bucket(platform, "cli-transforms")
    (tmp_path / "rows.csv").write_bytes(csv(ROWS))

    printed = aws_cli.shell("aws_transform.sh", "cli-transforms", "cli-transform", folder=tmp_path)

    assert printed.split() == ["cli-job", "Completed"]
    answers = (tmp_path / "answers").read_text().split()
    assert answers == [str(label) for label in MODEL.predict(ROWS)]


@pytest.mark.timeout(INSTALL_S + 360)
def test_a_message_goes_from_a_topic_through_a_queue_to_a_shell(
    aws_cli: Client, tmp_path: Path
) -> None:
    printed = aws_cli.shell("aws_messages.sh", folder=tmp_path)

    assert printed.split() == ["done", "grün", "1", "0"]


@pytest.mark.timeout(INSTALL_S + 360)
def test_logs_are_written_searched_and_read_on_from_a_shell(
    aws_cli: Client, tmp_path: Path
) -> None:
    now = int(time.time() * 1000)
    lines = ['{"code": 200, "note": "warm"}', '{"code": 503, "note": "slow"}', "plain"]
    events = [{"timestamp": now - 60_000 + n, "message": line} for n, line in enumerate(lines)]
    (tmp_path / "events.json").write_text(json.dumps(events))

    printed = aws_cli.shell("aws_logs.sh", "journey", folder=tmp_path)

    said = dict(part.split("\n", 1) for part in printed.split("== ")[1:])
    assert said["found"].strip() == lines[1]
    assert said["new"].split() == ["later"]
    assert said["group"].split() == ["7", "0"]
