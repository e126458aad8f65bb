"""Transform jobs whose surroundings change under them, and models of other kinds."""

from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tests.support.command import argosy
from tests.support.endpoints import IMAGE, ROWS, archive, model_archive, put_archive, until
from tests.support.transforms import (
    BUCKET,
    begin,
    body,
    bucket,
    csv,
    ended,
    keys,
    many_rows,
    report,
)

from argosy.testing import Platform

SCALER = StandardScaler().fit(ROWS)
SCALED = LogisticRegression(max_iter=1000).fit(SCALER.transform(ROWS), load_iris().target)
SCALES = """
import joblib
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
def predict_fn(rows, model):
    return model.transform(rows)
def output_fn(rows, accept):
    return "\\n".join(",".join(map(repr, row)) for row in rows.tolist()), "text/csv"
"""
SLOW = """
import time
def model_fn(folder):
    return 1
def predict_fn(rows, model):
    time.sleep(0.4)
    return rows[:, 0]
"""


@pytest.fixture(scope="module")
def s3(platform: Platform) -> Any:
    return bucket(platform)


@pytest.fixture(scope="module")
def slow(platform: Platform, s3: Any) -> str:
    platform.client("sagemaker").create_model(
        ModelName="slow-batch",
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": put_archive(
                platform, "slow-batch", archive({"code/inference.py": SLOW.encode()})
            ),
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        },
    )
    return "slow-batch"


def test_an_object_that_changes_before_it_is_read_fails_alone(
    platform: Platform, s3: Any, slow: str
) -> None:
    for number in range(8):
        s3.put_object(Bucket=BUCKET, Key=f"changing/in/{number:02}.csv", Body=csv(ROWS[:1]))
    begin(
        platform,
        "changing",
        slow,
        f"s3://{BUCKET}/changing/in/",
        f"s3://{BUCKET}/changing/out",
        MaxConcurrentTransforms=1,
    )
    until(lambda: report(platform, "changing").get("objects") == 8)
    s3.put_object(Bucket=BUCKET, Key="changing/in/07.csv", Body=csv(ROWS[:2]))
    described = ended(platform, "changing")

    assert described["TransformJobStatus"] == "Failed"
    assert "changing/in/07.csv" in described["FailureReason"]
    assert "1 of 8 objects" in described["FailureReason"]
    assert len(keys(s3, "changing/out/")) == 7


def test_a_job_whose_output_bucket_vanishes_fails_and_names_it(
    platform: Platform, s3: Any, slow: str
) -> None:
    bucket(platform, "vanishing")
    s3.put_object(Bucket=BUCKET, Key="vanishing/rows.csv", Body=csv(many_rows(120_000)))
    begin(
        platform,
        "vanishing",
        slow,
        f"s3://{BUCKET}/vanishing/",
        "s3://vanishing/out",
        MaxConcurrentTransforms=1,
        MaxPayloadInMB=1,
    )
    until(lambda: report(platform, "vanishing").get("objects") == 1)
    s3.delete_bucket(Bucket="vanishing")
    described = ended(platform, "vanishing")

    assert described["TransformJobStatus"] == "Failed"
    assert "vanishing" in described["FailureReason"]
    assert "does not exist" in described["FailureReason"]


def test_a_pipeline_transforms_through_all_its_containers(platform: Platform, s3: Any) -> None:
    steps = {"scaling": model_archive(SCALER, inference=SCALES), "sorting": model_archive(SCALED)}
    platform.client("sagemaker").create_model(
        ModelName="pipe-batch",
        Containers=[
            {"Image": IMAGE, "ModelDataUrl": put_archive(platform, f"pipe-{name}", content)}
            for name, content in steps.items()
        ],
    )
    s3.put_object(Bucket=BUCKET, Key="pipe/in/rows.csv", Body=csv(ROWS))
    begin(platform, "pipe", "pipe-batch", f"s3://{BUCKET}/pipe/in/", f"s3://{BUCKET}/pipe/out")
    described = ended(platform, "pipe")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    answers = body(s3, "pipe/out/rows.csv.out").split()
    assert [int(label) for label in answers] == SCALED.predict(SCALER.transform(ROWS)).tolist()


def test_a_program_of_ones_own_says_its_limits_and_transforms(
    platform: Platform, s3: Any, tmp_path: Path
) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "serve").write_text(OWN)
    (tmp_path / "image" / "serve").chmod(0o755)
    added = argosy(platform.environment(), "image", "add", "counts:1", str(tmp_path / "image"))
    assert added.code == 0, added.err
    platform.client("sagemaker").create_model(
        ModelName="counts", PrimaryContainer={"Image": "counts:1"}
    )
    s3.put_object(Bucket=BUCKET, Key="counts/in/rows.csv", Body=csv(ROWS))
    begin(platform, "counts", "counts", f"s3://{BUCKET}/counts/in/", f"s3://{BUCKET}/counts/out")
    described = ended(platform, "counts")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    assert described["MaxConcurrentTransforms"] == 3
    assert described["BatchStrategy"] == "SingleRecord"
    assert body(s3, "counts/out/rows.csv.out").split() == [b"4"] * 150


OWN = """#!/usr/bin/env python3
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIMITS = {"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 2, "BatchStrategy": "SINGLE_RECORD"}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(json.dumps(LIMITS).encode() if "parameters" in self.path else b"")
    def do_POST(self):
        row = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(str(row.count(b",") + 1).encode())
    def log_message(self, *arguments):
        pass

ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
