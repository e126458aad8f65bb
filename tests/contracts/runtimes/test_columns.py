"""A pipeline trained on a DataFrame takes its columns by name or in order."""

import io
import json
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.support.worker_client import running_worker

FRAME = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["x", "y", "x", "y"]})


def pipeline() -> Pipeline:
    columns = ColumnTransformer(
        [("number", StandardScaler(), ["size"]), ("word", OneHotEncoder(), ["kind"])]
    )
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, ["no", "yes", "no", "yes"])


def as_parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-parquet", as_parquet(FRAME)),
        ("application/x-parquet", as_parquet(FRAME[["kind", "size"]])),
        ("application/json", json.dumps({"instances": FRAME.to_dict("records")})),
        ("application/json", json.dumps(FRAME.to_numpy().tolist())),
        ("text/csv", FRAME.to_csv(index=False, header=False)),
    ],
)
def test_a_model_of_named_columns_predicts_what_it_predicts_locally(
    tmp_path: Path, content_type: str, body: str | bytes
) -> None:
    joblib.dump(pipeline(), tmp_path / "model.joblib")

    with running_worker(tmp_path) as worker, worker.connect() as client:
        assert client.load(tmp_path)["ok"]
        sent = body if isinstance(body, bytes) else body.encode()
        answer = client.predict(sent, content_type).json()

    predictions = answer["predictions"] if isinstance(answer, dict) else answer
    assert predictions == pipeline().predict(FRAME).tolist()
