"""`argosy transform`: files and folders through a model, with nothing but the command line."""

import gzip
import json
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.command import Ran, argosy
from tests.support.endpoints import ROWS, classifier, create_model, model_archive
from tests.support.transforms import BUCKET, bucket, csv, keys

from argosy.testing import Platform

MODEL = classifier()


@pytest.fixture(scope="module")
def model(platform: Platform) -> str:
    create_model(platform, "cli-batch", model_archive(MODEL))
    return "cli-batch"


def run(platform: Platform, *arguments: str | Path) -> Ran:
    return argosy(platform.environment(), "transform", *map(str, arguments))


def test_a_model_file_answers_a_file_and_the_answers_come_down(
    platform: Platform, tmp_path: Path
) -> None:
    joblib.dump(MODEL, tmp_path / "my model.joblib")
    (tmp_path / "rows.csv").write_bytes(csv(ROWS))

    ran = run(platform, tmp_path / "my model.joblib", tmp_path / "rows.csv", tmp_path / "out")

    assert ran.code == 0, ran.err
    answers = (tmp_path / "out" / "rows.csv.out").read_text().split()
    assert answers == [str(label) for label in MODEL.predict(ROWS)]
    assert "150 rows of 1 objects" in ran.out


def test_a_folder_of_gzipped_json_lines_keeps_its_folders(
    platform: Platform, model: str, tmp_path: Path
) -> None:
    for name, rows in {"a": ROWS[:3], "deep/b": ROWS[3:5]}.items():
        path = tmp_path / "in" / f"{name}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            gzip.compress("".join(f"{json.dumps(r.tolist())}\n" for r in rows).encode())
        )
    (tmp_path / "in" / ".hidden").write_text("not rows")

    ran = run(platform, model, tmp_path / "in", tmp_path / "out", "--json", "--name", "folder-job")

    told = json.loads(ran.out)
    assert ran.code == 0, ran.err
    assert told["TransformJobStatus"] == "Completed"
    assert told["progress"]["rows"] == 5
    assert (told["progress"]["percent"], told["progress"]["objects_done"]) == (100.0, 2)
    found = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in map(Path, told["files"])
    )
    assert found == ["a.jsonl.gz.out", "deep/b.jsonl.gz.out"]


def test_a_prefix_of_s3_goes_to_another_with_several_instances(
    platform: Platform, model: str
) -> None:
    s3 = bucket(platform)
    s3.put_object(Bucket=BUCKET, Key="cli/in/rows.csv", Body=csv(ROWS))
    source, target = f"s3://{BUCKET}/cli/in/", f"s3://{BUCKET}/cli/out"

    ran = run(platform, model, source, target, "--instances", "2", "--join")

    assert ran.code == 0, ran.err
    assert keys(s3, "cli/out") == ["cli/out/rows.csv.out"]


def test_parquet_comes_back_as_parquet(platform: Platform, model: str, tmp_path: Path) -> None:
    table = pa.table({f"c{index}": ROWS[:, index] for index in range(4)})
    pq.write_table(table, tmp_path / "rows.parquet")

    ran = run(platform, model, tmp_path / "rows.parquet", tmp_path / "out")

    assert ran.code == 0, ran.err
    answers = pq.read_table(tmp_path / "out" / "rows.parquet.out")
    assert np.array_equal(answers.column(0).to_numpy(), MODEL.predict(ROWS))


def test_a_failed_job_ends_the_command_with_its_reason(
    platform: Platform, model: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4\nno,rows,of,numbers\n")
    ran = run(platform, model, tmp_path / "rows.csv", tmp_path / "out")
    assert ran.code == 1
    assert "rows.csv" in ran.err
    assert "could not convert" in ran.err


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("missing.csv", "no file or folder"),
        ("rows.xyz", "--content-type"),
        ("s3://no-such-bucket/x", "bucket"),
    ],
)
def test_what_cannot_be_transformed_is_said_before_a_job_begins(
    platform: Platform, model: str, tmp_path: Path, source: str, told: str
) -> None:
    (tmp_path / "rows.xyz").write_text("1")
    given = source if source.startswith("s3:") else str(tmp_path / source)
    ran = run(platform, model, given, tmp_path / "out")
    assert ran.code == 1
    assert told in ran.err


def test_the_logs_of_a_job_are_shown(platform: Platform, model: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(csv(ROWS))
    ran = run(platform, model, tmp_path / "rows.csv", tmp_path / "out", "--name", "told-job")
    assert ran.code == 0, ran.err

    logs = argosy(platform.environment(), "logs", "--transform", "told-job")

    assert logs.code == 0, logs.err
    assert "told-job/data-log" in logs.out
    assert "Completed. 100.0%: 150 rows" in logs.out
    assert "MaxPayloadInMB=6" in logs.out
