"""SDK 3: a transform job as a resource; created, waited for, listed, stopped too late."""

import json
import sys
from pathlib import Path

from botocore.exceptions import ClientError
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Model, TransformJob
from sagemaker.core.shapes import (
    ContainerDefinition,
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)

folder, image, answers = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
session = Session()
data_url = session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk3/transform")
rows_url = session.upload_data(str(folder / "rows.csv"), key_prefix="sdk3/transform/in")
output = rows_url.rpartition("/")[0].rpartition("/")[0] + "/out"
Model.create(
    model_name="sdk3-transform",
    primary_container=ContainerDefinition(image=image, model_data_url=data_url),
    execution_role_arn="arn:aws:iam::000000000000:role/scientist",
)

job = TransformJob.create(
    transform_job_name="sdk3-transform",
    model_name="sdk3-transform",
    transform_input=TransformInput(
        data_source=TransformDataSource(
            s3_data_source=TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=rows_url)
        ),
        content_type="text/csv",
        split_type="Line",
    ),
    transform_output=TransformOutput(
        s3_output_path=output, accept="text/csv", assemble_with="Line"
    ),
    transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
)
job.wait(poll=1)
told = {
    "status": job.transform_job_status,
    "listed": [one.transform_job_name for one in TransformJob.get_all(name_contains="sdk3")],
}
try:
    job.stop()
except ClientError as error:
    told["refused"] = error.response["Error"]["Message"]
bucket, _, key = f"{output}/rows.csv.out".removeprefix("s3://").partition("/")
s3 = session.boto_session.client("s3")
told["answers"] = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().split()
answers.write_text(json.dumps(told))
