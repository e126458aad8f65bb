"""Whole runs of the analysis against a small store, in this process and in one of its own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.tiny_store import TinyStore, tiny_store

from argosy.monitor.analysis import Analysis, BadData
from argosy.monitor.running import run
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectMissing

ROWS = "".join(f"{number % 2},{number}\n" for number in range(200))


@pytest.fixture
def tiny() -> Iterator[TinyStore]:
    with tiny_store() as store:
        store.put("b/base/data.csv", f"label,value\n{ROWS}".encode())
        yield store


@pytest.fixture
def store(tiny: TinyStore) -> Iterator[ObjectStore]:
    store = ObjectStore(tiny.access, patience_s=0.1)
    yield store
    store.close()


def asked(*sources: str, **changes: Any) -> Analysis:
    analysis: Analysis = {
        "sources": list(sources),
        "format": {"csv": {"header": True}},
        "statistics": "",
        "constraints": "",
        "output": "s3://b/out",
        "start": None,
        "end": None,
        "exclude": [],
        "drift_method": "",
        "quality": None,
        "ground_truth": [],
        "memory_mb": 2048,
    }
    return analysis | changes  # type: ignore[return-value]


def compared(*sources: str, **changes: Any) -> Analysis:
    files = {
        "statistics": "s3://b/out/statistics.json",
        "constraints": "s3://b/out/constraints.json",
    }
    return asked(*sources, **{**files, "output": "s3://b/now", **changes})


def written(tiny: TinyStore, key: str) -> Any:
    return json.loads(tiny.objects[f"b/{key}"])


def test_a_baseline_is_statistics_and_constraints(tiny: TinyStore, store: ObjectStore) -> None:
    result = run(store, asked("s3://b/base/data.csv"))
    assert (result["rows"], result["violations"]) == (200, None)
    names = [feature["name"] for feature in written(tiny, "out/statistics.json")["features"]]
    assert names == ["label", "value"]
    assert written(tiny, "out/constraints.json")["features"][1]["inferred_type"] == "Integral"


def test_captured_data_that_drifted_violates_the_baseline(
    tiny: TinyStore, store: ObjectStore
) -> None:
    run(store, asked("s3://b/base"))
    lines = [
        {
            "captureData": {
                "endpointInput": {"data": str(number + 500), "encoding": "CSV"},
                "endpointOutput": {"data": str(number % 2), "encoding": "CSV"},
            }
        }
        for number in range(200)
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    tiny.put("b/capture/ep/AllTraffic/2023/11/14/22/one.jsonl", body)
    result = run(store, compared("s3://b/capture", format={"sagemakerCaptureJson": {}}))
    found = written(tiny, "now/constraint_violations.json")["violations"]
    assert result["violations"] == 1
    assert found[0]["feature_name"] == "value"
    assert found[0]["constraint_check_type"] == "baseline_drift_check"
    drift = {value["name"]: value["total"] for value in result["metrics"]}
    assert drift["feature_baseline_drift_value"] > 0.5 > drift["feature_baseline_drift_label"]


def test_the_baseline_s_own_data_violates_nothing(tiny: TinyStore, store: ObjectStore) -> None:
    run(store, asked("s3://b/base"))
    assert run(store, compared("s3://b/base"))["violations"] == 0
    assert written(tiny, "now/constraint_violations.json") == {"violations": []}


def test_parquet_is_read_with_its_own_types(tiny: TinyStore, store: ObjectStore) -> None:
    table = pa.table(
        {
            "whole": pa.array([1, None, 3]),
            "part": pa.array([1.0, float("nan"), 2.0]),
            "word": pa.array(["a", "b", "a"]).dictionary_encode(),
            "flag": [True, False, None],
            "nest": [{"x": 1}, {"x": 2}, {"x": 3}],
            "list": [[1], [2, 3], None],
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    tiny.put("b/table/part.parquet", file.getvalue())
    run(store, asked("s3://b/table/", format={"parquet": {}}))
    found = {
        feature["name"]: feature for feature in written(tiny, "out/statistics.json")["features"]
    }
    assert {name: feature["inferred_type"] for name, feature in found.items()} == {
        "whole": "Integral",
        "part": "Fractional",
        "word": "String",
        "flag": "String",
        "nest.x": "Integral",
        "list": "String",
    }
    assert found["part"]["numerical_statistics"]["common"] == {"num_present": 2, "num_missing": 1}


def test_json_lines_and_whole_json_say_the_same(tiny: TinyStore, store: ObjectStore) -> None:
    tiny.put("b/lines.json", b'{"a": 1}\n{"a": 2}\n')
    tiny.put("b/whole.json", b'[{"a": 1}, {"a": 2}]')
    seen = []
    for key, lines in (("lines.json", True), ("whole.json", False)):
        run(store, asked(f"s3://b/{key}", format={"json": {"lines": lines}}))
        seen.append(tiny.objects["b/out/statistics.json"])
    assert seen[0] == seen[1]


def test_columns_that_are_excluded_are_not_looked_at(tiny: TinyStore, store: ObjectStore) -> None:
    run(store, asked("s3://b/base", exclude=["label"]))
    assert len(written(tiny, "out/statistics.json")["features"]) == 1


def test_no_rows_are_no_result(tiny: TinyStore, store: ObjectStore) -> None:
    tiny.put("b/empty/data.csv", b"label,value\n")
    with pytest.raises(BadData, match="Job inputs had no data"):
        run(store, asked("s3://b/empty"))
    assert "b/out/statistics.json" not in tiny.objects


def test_a_baseline_that_is_not_there_is_said_to_be_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        run(store, compared("s3://b/base"))


@pytest.mark.parametrize("name", ["data.parquet", "data.csv.gz"])
def test_data_of_another_kind_than_its_name_says_is_refused(
    tiny: TinyStore, store: ObjectStore, name: str
) -> None:
    tiny.put(f"b/odd/{name}", b"neither this nor that" * 100)
    form: dict[str, Any] = {"parquet": {}} if "parquet" in name else {"csv": {"header": True}}
    with pytest.raises(BadData):
        run(store, asked("s3://b/odd", format=form))


def in_a_process(tiny: TinyStore, analysis: Analysis, result: Path) -> str:
    """What it prints."""
    given = {"analysis": analysis, "store": asdict(tiny.access), "parent": os.getpid()}
    done = subprocess.run(
        [sys.executable, "-m", "argosy.monitor", str(result)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_process_writes_its_result_and_says_what_it_read(tiny: TinyStore, tmp_path: Path) -> None:
    printed = in_a_process(tiny, asked("s3://b/base"), tmp_path / "result.json")
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["failure"], result["rows"]) == ("", 200)
    assert "200 rows read, 0 records skipped, nothing to compare with" in printed


def test_a_process_that_needs_too_much_memory_says_so(tiny: TinyStore, tmp_path: Path) -> None:
    tiny.put("b/large.json", b"[%s1]" % (b'{"a": "b"}, ' * 3_000_000))
    analysis = asked("s3://b/large.json", format={"json": {"lines": False}}, memory_mb=600)
    in_a_process(tiny, analysis, tmp_path / "result.json")
    assert "more than the 600 MiB" in json.loads((tmp_path / "result.json").read_text())["failure"]
