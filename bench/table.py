"""The table and the models of `script/bench batch`: 20 columns of numbers with six decimals.

The table repeats a block of distinct rows, so that any size of it is made quickly, and what a model
should answer is known for all of it once it is known for the block.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.csv
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

COLUMNS = 20
BLOCK = 50_000
TREES = 100
_DEPTH = 12
_TRAINED_ON = 5_000
_PART = 64 << 20


@dataclass(frozen=True)
class Subject:
    """A saved model and what it answers to the block, one number a line."""

    name: str
    title: str
    saved: Path
    answers: bytes

    def expected(self, rows: int) -> str:
        """The SHA-256 of the answers to that many rows of the table."""
        digest = hashlib.sha256()
        for _ in range(rows // BLOCK):
            digest.update(self.answers)
        digest.update(b"".join(self.answers.splitlines(keepends=True)[: rows % BLOCK]))
        return digest.hexdigest()


def block() -> Any:
    """`BLOCK` rows × `COLUMNS`, always the same."""
    return np.round(np.random.default_rng(20).normal(size=(BLOCK, COLUMNS)), 6)


def as_csv(rows: Any) -> bytes:
    """The rows as lines, without a header."""
    stream = io.BytesIO()
    table = pa.table(
        [pa.array(column) for column in rows.T], [str(n) for n in range(rows.shape[1])]
    )
    pyarrow.csv.write_csv(table, stream, pyarrow.csv.WriteOptions(include_header=False))
    return stream.getvalue()


def pieces(rows: int) -> Iterator[bytes]:
    """The table as CSV, in pieces of a block at most."""
    whole = as_csv(block())
    for _ in range(rows // BLOCK):
        yield whole
    if rows % BLOCK:
        yield b"".join(whole.splitlines(keepends=True)[: rows % BLOCK])


def write(path: Path, rows: int, header: bool = False) -> None:
    """Write the table as CSV; `header` puts a line of names before it."""
    with path.open("wb") as file:
        if header:
            file.write(",".join(f"x{n}" for n in range(COLUMNS)).encode() + b"\n")
        file.writelines(pieces(rows))


def subjects(folder: Path) -> list[Subject]:
    """A logistic regression and a random forest, fitted and saved in `folder`."""
    return [
        _subject(folder, "logistic", "logistic regression", LogisticRegression()),
        _subject(
            folder,
            "forest",
            f"random forest of {TREES} trees",
            RandomForestClassifier(TREES, max_depth=_DEPTH, random_state=0),
        ),
    ]


def _subject(folder: Path, name: str, title: str, model: Any) -> Subject:
    rows = block()
    noise = np.random.default_rng(21).normal(size=_TRAINED_ON)
    labels = rows[:_TRAINED_ON, 0] * rows[:_TRAINED_ON, 1] + rows[:_TRAINED_ON, 2] + noise > 0
    model.fit(rows[:_TRAINED_ON], labels.astype(int))
    path = folder / f"{name}.joblib"
    joblib.dump(model, path)
    answers = "".join(f"{answer}\n" for answer in model.predict(rows).tolist())
    return Subject(name, title, path, answers.encode())


def upload(s3: Any, bucket: str, key: str, gigabytes: float) -> int:
    """Put an object of about that many 10^9 bytes, part by part; returns its rows."""
    whole = as_csv(block())
    part = whole * -(-_PART // len(whole))
    count = max(1, round(gigabytes * 1e9 / len(part)))
    place = {"Bucket": bucket, "Key": key}
    upload_id = s3.create_multipart_upload(**place)["UploadId"]
    parts = []
    for number in range(1, count + 1):
        put = s3.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": put["ETag"]})
    s3.complete_multipart_upload(**place, UploadId=upload_id, MultipartUpload={"Parts": parts})
    return count * (len(part) // len(whole)) * BLOCK
