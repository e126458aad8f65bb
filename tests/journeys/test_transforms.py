"""Transform jobs on a real platform, through boto3: what users put in and get out."""

import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.endpoints import ROWS, classifier, create_model, model_archive, until
from tests.support.transforms import (
    BUCKET,
    begin,
    body,
    bucket,
    csv,
    ended,
    keys,
    many_rows,
    uploads,
)

from argosy.testing import Platform

MODEL = classifier()
GROUP = "/aws/sagemaker/TransformJobs"
PICKY = """
import joblib

def model_fn(folder):
    return joblib.load(folder + "/model.joblib")

def predict_fn(rows, model):
    if (rows < 0).any():
        raise ValueError("no flower has a negative leaf")
    return model.predict(rows)
"""
SLOW = """
import time, joblib

def model_fn(folder):
    return joblib.load(folder + "/model.joblib")

def predict_fn(rows, model):
    time.sleep(0.5)
    return model.predict(rows)
"""


@pytest.fixture(scope="module")
def s3(platform: Platform) -> Any:
    create_model(platform, "iris-batch", model_archive(MODEL))
    return bucket(platform)


def labels(rows: Any) -> bytes:
    """What the model answers, a label on each line."""
    return "".join(f"{label}\n" for label in MODEL.predict(rows)).encode()


def test_a_large_object_is_shared_by_instances_and_answered_in_order(
    platform: Platform, s3: Any
) -> None:
    rows = many_rows(600_000)
    s3.put_object(Bucket=BUCKET, Key="large/in/rows.csv", Body=csv(rows))

    begin(
        platform,
        "large",
        "iris-batch",
        f"s3://{BUCKET}/large/in/rows.csv",
        f"s3://{BUCKET}/large/out",
        instances=2,
    )
    described = ended(platform, "large")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    assert body(s3, "large/out/rows.csv.out") == labels(rows)
    assert keys(s3, "large/out") == ["large/out/rows.csv.out"]
    assert uploads(s3) == []
    assert described["TransformStartTime"] <= described["TransformEndTime"]


def test_each_object_below_a_prefix_has_its_output_and_gzip_is_unpacked(
    platform: Platform, s3: Any
) -> None:
    parts = {"a.csv.gz": ROWS[:50], "deep/b.csv.gz": ROWS[50:]}
    for name, rows in parts.items():
        s3.put_object(Bucket=BUCKET, Key=f"zipped/in/{name}", Body=gzip.compress(csv(rows)))
    s3.put_object(Bucket=BUCKET, Key="zipped/in/folder/", Body=b"")

    begin(
        platform,
        "zipped",
        "iris-batch",
        f"s3://{BUCKET}/zipped/in/",
        f"s3://{BUCKET}/zipped/out/",
        input={"CompressionType": "Gzip"},
    )
    described = ended(platform, "zipped")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    got = {key: body(s3, key) for key in keys(s3, "zipped/out/")}
    assert got == {f"zipped/out/{name}.out": labels(rows) for name, rows in parts.items()}


def test_inputs_are_joined_to_answers(platform: Platform, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="joined/in/rows.csv", Body=csv(ROWS))

    begin(
        platform,
        "joined",
        "iris-batch",
        f"s3://{BUCKET}/joined/in/",
        f"s3://{BUCKET}/joined/out",
        DataProcessing={"JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    described = ended(platform, "joined")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    wanted = [f"{row[0]:g},{label}" for row, label in zip(ROWS, MODEL.predict(ROWS), strict=True)]
    assert body(s3, "joined/out/rows.csv.out").decode().split() == wanted


def test_parquet_is_read_and_written_by_row_groups(platform: Platform, s3: Any) -> None:
    rows = many_rows(40_000)
    table = pa.table({f"c{index}": rows[:, index] for index in range(4)})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=5_000, use_dictionary=False)
    s3.put_object(Bucket=BUCKET, Key="parquet/in/rows.parquet", Body=file.getvalue())

    begin(
        platform,
        "parquet",
        "iris-batch",
        f"s3://{BUCKET}/parquet/in/",
        f"s3://{BUCKET}/parquet/out",
        instances=2,
        input={"ContentType": "application/x-parquet"},
        output={"Accept": "application/x-parquet", "AssembleWith": "None"},
    )
    described = ended(platform, "parquet")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    answered = pq.read_table(io.BytesIO(body(s3, "parquet/out/rows.parquet.out")))
    assert answered.column(0).to_pylist() == MODEL.predict(rows).tolist()


def test_a_manifest_says_which_objects(platform: Platform, s3: Any) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        s3.put_object(Bucket=BUCKET, Key=f"listed/in/{name}", Body=csv(ROWS[:3]))
    manifest = [{"prefix": f"s3://{BUCKET}/listed/in/"}, "a.csv", "c.csv"]
    s3.put_object(Bucket=BUCKET, Key="listed/manifest", Body=json.dumps(manifest).encode())

    begin(
        platform,
        "listed",
        "iris-batch",
        f"s3://{BUCKET}/listed/manifest",
        f"s3://{BUCKET}/listed/out",
        kind="ManifestFile",
    )
    ended(platform, "listed")

    assert keys(s3, "listed/out/") == ["listed/out/a.csv.out", "listed/out/c.csv.out"]


def test_hundreds_of_tiny_objects_are_done_in_one_job(platform: Platform, s3: Any) -> None:
    count = 400
    for number in range(count):
        s3.put_object(
            Bucket=BUCKET, Key=f"tiny/in/{number}.csv", Body=csv(ROWS[number % 150][None])
        )

    begin(
        platform,
        "tiny",
        "iris-batch",
        f"s3://{BUCKET}/tiny/in/",
        f"s3://{BUCKET}/tiny/out",
        instances=2,
    )
    described = ended(platform, "tiny")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="tiny/out/")
    found = [one["Key"] for page in pages for one in page["Contents"]]
    assert len(found) == count
    assert body(s3, "tiny/out/77.csv.out") == labels(ROWS[77][None])


def test_an_object_the_model_refuses_fails_alone_and_the_reason_says_which_and_why(
    platform: Platform, s3: Any
) -> None:
    create_model(
        platform,
        "picky",
        model_archive(MODEL, inference=PICKY),
        SAGEMAKER_PROGRAM="inference.py",
    )
    bad = ROWS.copy()
    bad[60, 0] = -1.0
    s3.put_object(Bucket=BUCKET, Key="picky/in/bad.csv", Body=csv(bad))
    s3.put_object(Bucket=BUCKET, Key="picky/in/good.csv", Body=csv(ROWS))

    begin(
        platform,
        "picky",
        "picky",
        f"s3://{BUCKET}/picky/in/",
        f"s3://{BUCKET}/picky/out",
        BatchStrategy="SingleRecord",
        ModelClientConfig={"InvocationsMaxRetries": 0, "InvocationsTimeoutInSeconds": 60},
    )
    described = ended(platform, "picky")

    assert described["TransformJobStatus"] == "Failed"
    reason = described["FailureReason"]
    assert "1 of 2 objects failed" in reason
    assert f"{BUCKET}/picky/in/bad.csv, record 61" in reason
    assert "no flower has a negative leaf" in reason
    assert keys(s3, "picky/out") == ["picky/out/good.csv.out"]


@pytest.mark.parametrize(
    ("name", "source", "target", "told"),
    [
        ("no-key", f"s3://{BUCKET}/nothing/", f"s3://{BUCKET}/o", "No S3 objects found"),
        ("no-bucket", "s3://no-such-bucket/x", f"s3://{BUCKET}/o", "no-such-bucket does not exist"),
        ("no-target", f"s3://{BUCKET}/one/", "s3://no-such-target/o", "no-such-target does not"),
    ],
)
def test_places_that_are_not_there_fail_a_job_and_are_named(
    platform: Platform, s3: Any, name: str, source: str, target: str, told: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one/row.csv", Body=csv(ROWS[:1]))
    begin(platform, name, "iris-batch", source, target)
    described = ended(platform, name)
    assert described["TransformJobStatus"] == "Failed"
    assert told in described["FailureReason"]


def test_a_model_that_does_not_load_fails_the_job(platform: Platform, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="one/row.csv", Body=csv(ROWS[:1]))
    create_model(platform, "nothing-to-load", model_archive({"no": "model"}))
    begin(platform, "nothing-to-load", "nothing-to-load", f"s3://{BUCKET}/one/", f"s3://{BUCKET}/o")
    described = ended(platform, "nothing-to-load")
    assert described["TransformJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("AlgorithmError: ")


def test_a_stopped_job_leaves_nothing_half_done(platform: Platform, s3: Any) -> None:
    create_model(
        platform,
        "slow",
        model_archive(MODEL, inference=SLOW),
        SAGEMAKER_PROGRAM="inference.py",
    )
    s3.put_object(Bucket=BUCKET, Key="slow/in/rows.csv", Body=csv(many_rows(400_000)))
    s3.put_object(Bucket=BUCKET, Key="slow/out/before", Body=b"1")
    begin(
        platform,
        "slow",
        "slow",
        f"s3://{BUCKET}/slow/in/",
        f"s3://{BUCKET}/slow/out",
        instances=2,
        MaxPayloadInMB=1,
    )
    sagemaker = platform.client("sagemaker")
    until(
        lambda: sagemaker.describe_transform_job(TransformJobName="slow").get("TransformStartTime")
    )

    sagemaker.stop_transform_job(TransformJobName="slow")
    described = ended(platform, "slow", 60)

    assert described["TransformJobStatus"] == "Stopped"
    assert keys(s3, "slow/out") == ["slow/out/before"]
    assert uploads(s3) == []


def test_the_logs_tell_of_limits_and_of_the_end(platform: Platform, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="one/row.csv", Body=csv(ROWS[:1]))
    begin(platform, "logged", "iris-batch", f"s3://{BUCKET}/one/", f"s3://{BUCKET}/logged")
    ended(platform, "logged")

    logs = platform.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="logged/")
    lines = {
        stream["logStreamName"]: [
            event["message"]
            for event in logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream["logStreamName"]
            )["events"]
        ]
        for stream in streams["logStreams"]
    }
    told = [line for name, some in lines.items() if name.endswith("/data-log") for line in some]
    assert any("MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD" in line for line in told)
    assert any("Completed. 100.0%: 1 rows" in line for line in lines["logged/data-log"])
