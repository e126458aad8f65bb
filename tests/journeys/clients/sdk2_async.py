"""SDK 2: seed 002's asynchronous snippets as written (only names are filled in), AsyncPredictor."""

import json
import os
import sys
from pathlib import Path

import boto3
import sagemaker
from sagemaker import image_uris
from sagemaker.async_inference import WaiterConfig
from sagemaker.deserializers import JSONDeserializer
from sagemaker.exceptions import AsyncInferenceModelError
from sagemaker.predictor import Predictor
from sagemaker.predictor_async import AsyncPredictor
from sagemaker.serializers import JSONSerializer

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
os.chdir(folder)
Path("input.json").write_text(json.dumps(rows[:7]))
role = "arn:aws:iam::000000000000:role/scientist"
image_uri = image_uris.retrieve("sklearn", "us-east-1", version="1.2-1")
session = sagemaker.Session()
bucket = session.default_bucket()
sagemaker.s3.S3Uploader.upload(str(folder / "model.tar.gz"), f"s3://{bucket}/async-seed")
for topic in ("success-topic", "error-topic"):
    boto3.client("sns").create_topic(Name=topic)
model = sagemaker.model.Model(
    model_data=f"s3://{bucket}/async-seed/model.tar.gz", role=role, image_uri=image_uri
)

# —— as in the document
from sagemaker.async_inference import AsyncInferenceConfig  # noqa: E402

async_config = AsyncInferenceConfig(
    output_path=f"s3://{bucket}/async-output/",
    max_concurrent_invocations_per_instance=4,
    notification_config={
        "SuccessTopic": "arn:aws:sns:us-east-1:000000000000:success-topic",
        "ErrorTopic": "arn:aws:sns:us-east-1:000000000000:error-topic",
    },
)

predictor = model.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.xlarge",
    async_inference_config=async_config,
    endpoint_name="async-endpoint",
)
# ——

# —— as in the document
runtime_client = boto3.client("sagemaker-runtime")

# Upload input to S3
input_location = session.upload_data(path="input.json", key_prefix="async-input")

# Invoke async endpoint
response = runtime_client.invoke_endpoint_async(
    EndpointName="async-endpoint", InputLocation=input_location
)

# Get output location
output_location = response["OutputLocation"]
# ——

output_bucket, _, key = output_location.removeprefix("s3://").partition("/")
boto3.client("s3").get_waiter("object_exists").wait(Bucket=output_bucket, Key=key)
stored = boto3.client("s3").get_object(Bucket=output_bucket, Key=key)["Body"].read()

asking = AsyncPredictor(
    Predictor("async-endpoint", serializer=JSONSerializer(), deserializer=JSONDeserializer())
)
told = {"seed": json.loads(stored), "predict": asking.predict(rows)}
later = asking.predict_async(rows[:3])
told["predict_async"] = later.get_result(WaiterConfig(max_attempts=100, delay=1))
failing = asking.predict_async("no rows at all")
try:
    failing.get_result(WaiterConfig(max_attempts=100, delay=1))
except AsyncInferenceModelError as error:
    told["failure"] = str(error)
asking.predictor.delete_endpoint()
answers.write_text(json.dumps(told))
