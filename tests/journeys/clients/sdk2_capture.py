"""SDK 2: an endpoint that captures from the start, is switched off, and on with other settings."""

import json
import sys
import time
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.model_monitor import DataCaptureConfig
from sagemaker.s3 import S3Downloader
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn.model import SKLearnModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
base = f"s3://{session.default_bucket()}/sdk2-captured"


def captured(uri):
    """All events below a prefix; waits until there are some."""
    while not (keys := S3Downloader.list(uri, sagemaker_session=session)):
        time.sleep(1)
    files = [S3Downloader.read_file(key, sagemaker_session=session) for key in keys]
    return keys, [json.loads(line) for file in files for line in file.splitlines()]


def status():
    found = session.sagemaker_client.describe_endpoint(EndpointName=predictor.endpoint_name)
    return found["DataCaptureConfig"]["CaptureStatus"]


model = SKLearnModel(
    model_data=session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk2/capture"),
    role="arn:aws:iam::000000000000:role/scientist",
    entry_point=str(folder / "serve.py"),
    framework_version="1.2-1",
    py_version="py3",
    sagemaker_session=session,
)
predictor = model.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    serializer=CSVSerializer(),
    deserializer=JSONDeserializer(),
    data_capture_config=DataCaptureConfig(
        enable_capture=True, sampling_percentage=100, destination_s3_uri=f"{base}/first"
    ),
)
told = {"deployed": status(), "predicted": predictor.predict(rows, inference_id="one")}
told["keys"], told["first"] = captured(f"{base}/first")

predictor.disable_data_capture()
told["disabled"] = status()
predictor.predict(rows[:1], inference_id="two")

predictor.update_data_capture_config(
    DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=f"{base}/second",
        capture_options=["REQUEST"],
        csv_content_types=["text/plain"],
        sagemaker_session=session,
    )
)
told["updated"] = status()
predictor.predict(rows[:1], inference_id="three")
_, told["second"] = captured(f"{base}/second")

predictor.enable_data_capture()
told["enabled"] = status()

told["name"] = predictor.endpoint_name
predictor.delete_model()
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
