"""Seed 001, "Docker Image Structure": serve, nginx.conf, wsgi.py, predictor.py, without Docker."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError
from tests.support.command import Ran, argosy
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_config,
    fleet,
    in_service,
    model_archive,
    put_archive,
    settled,
    until,
)

from argosy.agent.sandbox import probe
from argosy.testing import Platform

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "container"
MODEL = classifier()
CSV = "\n".join(",".join(map(str, row)) for row in ROWS)

pytestmark = [
    pytest.mark.skipif(bool(probe()), reason=f"no sandbox: {probe()}"),
    pytest.mark.skipif(
        shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not installed"
    ),
]


def run(platform: Platform, *arguments: str) -> Ran:
    return argosy(platform.environment(), "image", *arguments)


def added(platform: Platform, name: str, folder: Path = EXAMPLE) -> dict[str, str]:
    done = run(platform, "add", name, str(folder), "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def model_of(platform: Platform, name: str, image: str, **environment: str) -> None:
    platform.client("sagemaker").create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": image,
            "ModelDataUrl": put_archive(platform, name, model_archive(MODEL)),
            "Environment": {"MODEL_SERVER_WORKERS": "1", **environment},
        },
    )


def serve(platform: Platform, name: str, image: str, instances: int = 1) -> dict[str, str]:
    model_of(platform, name, image)
    create_config(platform, name, AllTraffic=(name, instances, 1.0))
    platform.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name, 120)


def test_a_container_with_nginx_and_gunicorn_serves_from_two_instances_of_one_host(
    platform: Platform,
) -> None:
    added(platform, "churn")

    described = serve(platform, "byoc", "churn", instances=2)

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert len(in_service(platform, "byoc")) == 2
    runtime = platform.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    expected = MODEL.predict(ROWS)
    for _ in range(4):
        answer = runtime.invoke_endpoint(EndpointName="byoc", ContentType="text/csv", Body=CSV)
        assert answer["ContentType"].startswith("text/csv")
        got = np.loadtxt(answer["Body"].read().decode().splitlines())
        assert (got == expected).all()
    with pytest.raises(ClientError) as refused:
        runtime.invoke_endpoint(EndpointName="byoc", ContentType="image/png", Body=b"x")
    response = refused.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == 415
    assert "text/csv only" in response["OriginalMessage"]


def test_an_endpoint_keeps_the_image_that_it_was_created_with(
    platform: Platform, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "container")
    first = added(platform, "team/keeps:v1", folder)
    assert serve(platform, "keeps", "team/keeps:v1")["EndpointStatus"] == "InService"

    (folder / "serve").write_text("#!/bin/sh\necho I shall not serve\nexit 3\n")
    second = added(platform, "team/keeps:v1", folder)
    removed = run(platform, "remove", "team/keeps:v1")
    gone = fleet(platform, "keeps")[0]
    platform.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="keeps",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}],
    )
    settled(platform, "keeps", 120)

    assert first["digest"] != second["digest"]
    assert removed.code == 0, removed.err
    assert until(lambda: len(in_service(platform, "keeps")) == 2)
    assert gone["id"] in [one["id"] for one in in_service(platform, "keeps")]


def test_a_program_that_exits_fails_the_endpoint_with_its_words(
    platform: Platform, tmp_path: Path
) -> None:
    (tmp_path / "serve").write_text("#!/bin/sh\necho 'the licence is missing' >&2\nexit 3\n")
    (tmp_path / "serve").chmod(0o755)
    added(platform, "exits", tmp_path)

    described = serve(platform, "byoc-exits", "exits:latest")

    assert described["EndpointStatus"] == "Failed"
    reason = described["FailureReason"]
    assert "did not pass the ping health check" in reason
    assert "serve exited with status 3" in reason
    assert "the licence is missing" in reason


def test_images_are_listed_and_removed_and_bad_ones_are_refused(
    platform: Platform, tmp_path: Path
) -> None:
    added(platform, "listed:v2")
    (tmp_path / "README").touch()
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "serve").touch()

    images = {one["name"]: one for one in json.loads(run(platform, "list", "--json").out)}
    shown = run(platform, "list").out
    removed = run(platform, "remove", "listed:v2")
    refused = {
        "neither": run(platform, "add", "nothing", str(tmp_path)),
        "chmod +x": run(platform, "add", "nothing", str(tmp_path / "plain")),
        "lower-case": run(platform, "add", "Not A Name", str(EXAMPLE)),
        "that Argosy knows": run(platform, "add", "pytorch-inference:2.1", str(EXAMPLE)),
        "no image listed:v2": run(platform, "remove", "listed:v2"),
    }

    assert images["listed:v2"]["programs"] == ["serve"]
    assert "listed:v2" in shown
    assert removed.code == 0
    for words, ran in refused.items():
        assert ran.code == 1
        assert words in ran.err


def test_an_image_that_is_not_there_is_named(platform: Platform) -> None:
    described = serve(platform, "byoc-nowhere", "nowhere:v1")

    assert described["EndpointStatus"] == "Failed"
    assert "'nowhere:v1'" in described["FailureReason"]
    assert "argosy image add" in described["FailureReason"]
