"""SDK 2: the snippet "Batch Transform" of seed 002, as written; only names are filled in.

The bucket of the document is called `bucket`, and so is this one.
"""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.model import Model

folder, answers = map(Path, sys.argv[1:])
session = sagemaker.Session()
s3 = session.boto_session.client("s3")
if "bucket" not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
    s3.create_bucket(Bucket="bucket")
s3.upload_file(str(folder / "model.tar.gz"), "bucket", "model/model.tar.gz")
s3.upload_file(str(folder / "data.csv"), "bucket", "input/data.csv")
Model(
    model_data="s3://bucket/model/model.tar.gz",
    role="arn:aws:iam::000000000000:role/scientist",
    image_uri=image_uris.retrieve("sklearn", "us-east-1", version="1.2-1"),
    name="my-model",
    sagemaker_session=session,
).create()

# —— as in the document
from sagemaker.transformer import Transformer  # noqa: E402

transformer = Transformer(
    model_name="my-model",
    instance_count=4,
    instance_type="ml.m5.xlarge",
    output_path="s3://bucket/output/",
    sagemaker_session=session,
)

transformer.transform(
    data="s3://bucket/input/data.csv", content_type="text/csv", split_type="Line", wait=True
)
# ——

body = s3.get_object(Bucket="bucket", Key="output/data.csv.out")["Body"].read().decode()
attached = Transformer.attach(transformer.latest_transform_job.name, sagemaker_session=session)
told = {
    "answer": body,
    "path": transformer.output_path,
    "count": attached.instance_count,
    "job": session.describe_transform_job(transformer.latest_transform_job.name)[
        "TransformJobStatus"
    ],
}

joined = Transformer(
    model_name="my-model",
    instance_count=1,
    instance_type="ml.m5.xlarge",
    output_path="s3://bucket/joined",
    strategy="MultiRecord",
    assemble_with="Line",
    accept="text/csv",
    max_payload=1,
    max_concurrent_transforms=2,
    tags=[{"Key": "team", "Value": "red"}],
    env={"COLOUR": "red"},
    sagemaker_session=session,
)
joined.transform(
    "s3://bucket/input/",
    content_type="text/csv",
    split_type="Line",
    join_source="Input",
    input_filter="$[0:4]",
    output_filter="$[0,-1]",
    wait=False,
)
joined.wait(logs=False)
told["joined"] = (
    s3.get_object(Bucket="bucket", Key="joined/data.csv.out")["Body"].read().decode().split()
)
answers.write_text(json.dumps(told))
