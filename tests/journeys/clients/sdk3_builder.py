"""SDK 3: ModelBuilder takes an image, model data and a script, and makes an endpoint of them."""

import json
import sys
from pathlib import Path

import boto3
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.training.configs import SourceCode
from sagemaker.serve import ModelBuilder

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = Session()
trust = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
role = boto3.client("iam").create_role(
    RoleName="sdk3-builder",
    AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)

builder = ModelBuilder(
    image_uri=image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1"),
    s3_model_data_url=session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk3/builder"),
    source_code=SourceCode(source_dir=str(folder / "source"), entry_script="serve.py"),
    role_arn=role["Role"]["Arn"],
    instance_type="ml.m5.large",
    sagemaker_session=session,
)
model = builder.build(model_name="sdk3-builder")
endpoint = builder.deploy(endpoint_name="sdk3-builder", initial_instance_count=1)
answer = endpoint.invoke(body=json.dumps(rows), content_type="application/json")
told = {"json": json.loads(answer.body.read())}
endpoint.delete()
model.delete()
answers.write_text(json.dumps(told))
