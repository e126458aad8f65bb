"""The Flask app: /ping says whether the model is there, /invocations answers CSV with CSV."""

from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import flask
import joblib
import numpy as np

MODEL = Path("/opt/ml/model/model.joblib")

app = flask.Flask(__name__)


@cache
def model() -> Any:
    """The model, loaded once per gunicorn worker."""
    return joblib.load(MODEL)


@app.get("/ping")
def ping() -> flask.Response:
    return flask.Response(status=200 if model() is not None else 404)


@app.post("/invocations")
def invocations() -> flask.Response:
    if flask.request.mimetype != "text/csv":
        return flask.Response("This predictor takes text/csv only.", 415, mimetype="text/plain")
    rows = np.loadtxt(StringIO(flask.request.get_data(as_text=True)), delimiter=",", ndmin=2)
    lines = "".join(f"{label}\n" for label in model().predict(rows))
    return flask.Response(lines, mimetype="text/csv")
