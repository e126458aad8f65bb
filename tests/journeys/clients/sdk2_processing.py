"""SDK 2: SKLearnProcessor processes with a script, FrameworkProcessor with a folder of code."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput
from sagemaker.sklearn.estimator import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor

folder, answers = map(Path, sys.argv[1:])
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/scientist"
data = session.upload_data(str(folder / "rows.csv"), key_prefix="sdk2/processing/data")
told = {}


def ends(job) -> dict:
    described = session.describe_processing_job(job.job_name)
    (target,) = described["ProcessingOutputConfig"]["Outputs"]
    files = sagemaker.s3.S3Downloader.list(target["S3Output"]["S3Uri"], sagemaker_session=session)
    (read,) = (sagemaker.s3.S3Downloader.read_file(one, session) for one in files)
    return {"status": described["ProcessingJobStatus"], "read": read}


simple = SKLearnProcessor(
    framework_version="1.2-1",
    role=role,
    instance_type="ml.m5.large",
    instance_count=1,
    base_job_name="sdk2-simple",
    sagemaker_session=session,
)
given = ProcessingInput(source=data, destination="/opt/ml/processing/input/data")
made = ProcessingOutput(source="/opt/ml/processing/train", output_name="train")
simple.run(
    code=str(folder / "simple.py"),
    inputs=[given],
    outputs=[made],
    arguments=["--rows", "2"],
    logs=False,
)
told["simple"] = ends(simple.latest_job)

framework = FrameworkProcessor(
    estimator_cls=SKLearn,
    framework_version="1.2-1",
    role=role,
    instance_type="ml.m5.large",
    instance_count=1,
    base_job_name="sdk2-framework",
    sagemaker_session=session,
)
framework.run(
    code="main.py",
    source_dir=str(folder / "source"),
    inputs=[given],
    outputs=[made],
    arguments=["--rows", "1"],
    logs=False,
)
told["framework"] = ends(framework.latest_job)
answers.write_text(json.dumps(told))
