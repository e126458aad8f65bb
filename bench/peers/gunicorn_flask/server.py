"""flask under gunicorn, one worker of the default kind; nginx stands in front."""

import os

import joblib
from flask import Flask, request

application = Flask(__name__)
model = joblib.load(os.environ["BENCH_MODEL"])


@application.post("/invocations")
def invocations():
    return {"predictions": model.predict(request.get_json()["instances"]).tolist()}
