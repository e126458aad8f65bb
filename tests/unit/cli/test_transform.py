"""What `argosy transform` makes of files' names, and how it shows a job."""

from pathlib import Path

import pytest

from argosy.cli.transform_files import Form, form_of, local_files
from argosy.cli.transform_progress import sentence
from argosy.ground.errors import ArgosyError


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("rows.csv", Form("text/csv", "Line")),
        ("ROWS.CSV.gz", Form("text/csv", "Line", "Gzip")),
        ("deep/rows.jsonl", Form("application/jsonlines", "Line")),
        ("rows.parquet", Form("application/x-parquet", "Line")),
        ("rows.json", Form("application/json", "None")),
        ("rows.recordio", Form("application/x-recordio-protobuf", "RecordIO")),
    ],
)
def test_a_name_tells_what_a_file_holds(name: str, form: Form) -> None:
    assert form_of([name], None, None) == form


def test_lines_come_back_as_lines_and_parquet_as_parquet() -> None:
    lines, table = form_of(["a.csv"], None, None), form_of(["a.parquet"], None, None)
    assert (lines.assemble, lines.accept) == ("Line", "text/csv")
    assert (table.assemble, table.accept) == ("None", "application/x-parquet")


def test_what_is_said_goes_before_what_names_tell() -> None:
    assert form_of(["a.csv"], "text/libsvm", "Line") == Form("text/libsvm", "Line")
    assert form_of(["a.csv"], None, "None") == Form("text/csv", "None")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a.csv", "b.json"], "different things"),
        (["a.csv", "b.csv.gz"], "text/csv gzipped"),
        (["a.xyz"], "--content-type"),
        ([], "no files"),
    ],
)
def test_names_that_do_not_tell_are_refused(names: list[str], told: str) -> None:
    with pytest.raises(ArgosyError, match=told):
        form_of(names, None, None)


def test_hidden_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    for name in ("a.csv", ".b.csv", ".git/c.csv", "deep/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    found = [path.relative_to(tmp_path).as_posix() for path in local_files(tmp_path)]
    assert found == ["a.csv", "deep/d.csv"]


def test_progress_is_a_sentence() -> None:
    report = {"percent": 12.34, "rows": 1234567, "rows_per_s": 1000.4, "objects_failed": 2}
    assert sentence(report) == "12% · 1,234,567 rows · 1,000 rows/s · 2 objects failed"
    assert sentence({**report, "percent": None, "objects_failed": 0}).startswith("1,234,567 rows")
