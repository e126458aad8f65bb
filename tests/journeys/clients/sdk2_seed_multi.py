"""SDK 2: the snippet "Multi-Model Endpoints" of seed 002, as written."""

import json
import sys
from pathlib import Path

import boto3
from sagemaker import image_uris

folder, answers = map(Path, sys.argv[1:])
data = json.loads((folder / "rows.json").read_text())
role = "arn:aws:iam::000000000000:role/scientist"
image_uri = image_uris.retrieve("sklearn", "us-east-1", version="1.2-1")
s3 = boto3.client("s3")
s3.create_bucket(Bucket="bucket")
s3.upload_file(str(folder / "model.tar.gz"), "bucket", "models/model-v1.tar.gz")
runtime_client = boto3.client("sagemaker-runtime")

# —— as in the document
from sagemaker.multidatamodel import MultiDataModel  # noqa: E402

multi_model = MultiDataModel(
    name="multi-model-endpoint",
    model_data_prefix="s3://bucket/models/",
    image_uri=image_uri,
    role=role,
)

multi_model.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.xlarge",
    endpoint_name="multi-model-endpoint",
)

# Invoke specific model
response = runtime_client.invoke_endpoint(
    EndpointName="multi-model-endpoint", TargetModel="model-v1.tar.gz", Body=json.dumps(data)
)
# ——

boto3.client("sagemaker").delete_endpoint(EndpointName="multi-model-endpoint")
answers.write_text(json.dumps({"predicted": json.loads(response["Body"].read())}))
