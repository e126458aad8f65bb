"""SDK 2: the snippet "Real-time Inference" of seed 002, as written; only names are filled in."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.deserializers import JSONDeserializer
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
role = "arn:aws:iam::000000000000:role/scientist"
image_uri = image_uris.retrieve("sklearn", "us-east-1", version="1.2-1")
bucket = sagemaker.Session().default_bucket()
sagemaker.s3.S3Uploader.upload(str(folder / "model.tar.gz"), f"s3://{bucket}/seed")

# —— as in the document
from sagemaker.model import Model  # noqa: E402

model = Model(model_data=f"s3://{bucket}/seed/model.tar.gz", role=role, image_uri=image_uri)

predictor = model.deploy(
    initial_instance_count=2, instance_type="ml.m5.xlarge", endpoint_name="realtime-endpoint"
)
# ——

predictor = Predictor(
    "realtime-endpoint", serializer=CSVSerializer(), deserializer=JSONDeserializer()
)
told = {"image": image_uri, "csv": predictor.predict(rows)}
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
