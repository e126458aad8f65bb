"""A container as SageMaker's examples of one's own have it: flask, pandas, CSV both ways."""

import io
import os

import joblib
import pandas
from flask import Flask, Response, request

application = Flask(__name__)
model = joblib.load(os.environ["BENCH_MODEL"])


@application.get("/ping")
def ping():
    return Response(status=200)


@application.post("/invocations")
def invocations():
    rows = pandas.read_csv(io.BytesIO(request.get_data()), header=None)
    answers = pandas.DataFrame({"results": model.predict(rows.to_numpy())})
    text = io.StringIO()
    answers.to_csv(text, header=False, index=False)
    return Response(text.getvalue(), mimetype="text/csv")
