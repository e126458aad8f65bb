"""The files of `argosy transform`: what they hold by their names, up to S3 and down again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.cli.session import Session
from argosy.ground.errors import ArgosyError

_TYPES = {
    ".csv": "text/csv",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".jsonlines": "application/jsonlines",
    ".parquet": "application/x-parquet",
    ".json": "application/json",
    ".npy": "application/x-npy",
    ".recordio": "application/x-recordio-protobuf",
    ".tfrecord": "application/x-tfrecord",
}
_LINES = ("text/csv", "application/jsonlines")
_ROWS = (*_LINES, "application/x-parquet")
_SPLITS = {
    "application/x-recordio-protobuf": "RecordIO",
    "application/x-tfrecord": "TFRecord",
}
_GZIP = (".gz", ".gzip")


@dataclass(frozen=True)
class Form:
    """What files hold: members of TransformInput and TransformOutput."""

    content_type: str
    split: str
    compression: str = "None"

    @property
    def assemble(self) -> str:
        """AssembleWith: lines are put together again by lines."""
        return "Line" if self.split == "Line" and self.content_type in _LINES else "None"

    @property
    def accept(self) -> str:
        """Answers of the same form, where rows are."""
        return self.content_type if self.content_type in _ROWS else ""


def form_of(names: Iterable[str], content_type: str | None, split: str | None) -> Form:
    """What files of these names hold, where nobody says otherwise.

    Raises ArgosyError when their names do not tell, or not the same.
    """
    forms = {_form(name, content_type) for name in names}
    if len(forms) > 1:
        told = ", ".join(sorted(form.content_type + _zipped(form) for form in forms))
        raise ArgosyError(f"The input holds different things ({told}); give one job for each.")
    if not forms:
        raise ArgosyError("The input holds no files.")
    (form,) = forms
    return Form(form.content_type, split or form.split, form.compression)


def _form(name: str, content_type: str | None) -> Form:
    path = Path(name)
    zipped = path.suffix in _GZIP
    ending = Path(path.stem).suffix if zipped else path.suffix
    found = content_type or _TYPES.get(ending.lower())
    if found is None:
        known = " ".join(sorted(_TYPES))
        raise ArgosyError(
            f"The name {path.name} does not say what it holds: give --content-type. Known endings: "
            f"{known}"
        )
    split = "Line" if found in _ROWS else _SPLITS.get(found, "None")
    return Form(found, split, "Gzip" if zipped else "None")


def _zipped(form: Form) -> str:
    return " gzipped" if form.compression == "Gzip" else ""


def names_below(found: Session, uri: str) -> list[str]:
    """The first keys that begin as the URI does."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    page = _s3(found).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=20)
    listed = page.get("Contents", [])
    return [one["Key"] for one in listed if one["Size"] or not one["Key"].endswith("/")]


def local_files(source: Path) -> list[Path]:
    """The file, or all files of the folder but hidden ones. Raises ArgosyError for neither."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise ArgosyError(f"There is no file or folder {source}; give one, or an s3:// URI.")
    visible = (
        path
        for path in sorted(source.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
    return [path for path in visible if path.is_file()]


def upload(found: Session, source: Path, files: list[Path], key: str) -> str:
    """Put the files below `key` in the default bucket; returns the URI of them all."""
    s3 = _s3(found)
    if found.bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=found.bucket)
    for path in files:
        name = path.name if source.is_file() else path.relative_to(source).as_posix()
        s3.upload_file(str(path), found.bucket, f"{key}/{name}")
    return f"s3://{found.bucket}/{key}/"


def download(found: Session, uri: str, folder: Path) -> list[Path]:
    """Fetch all outputs below the URI into a folder, which is made; returns the files."""
    s3 = _s3(found)
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    files = []
    for key in _keys(s3, bucket, prefix):
        path = folder / key[len(prefix) :].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(path))
        files.append(path)
    return files


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (one["Key"] for one in page.get("Contents", []))


def _s3(found: Session) -> Any:
    return found.client("s3", s3={"addressing_style": "path"})
