"""The whole life of an A/B endpoint in boto3, one function a step.

Nothing here knows Argosy. The clients find it by AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION, as the AWS SDKs do; without the first of them the
same code runs on SageMaker.
"""

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "argosy-demo"
ENDPOINT = "digits"
CONFIG = "digits-ab"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"

STABLE, CANARY = "stable", "canary"

QUICKLY = {"Delay": 1, "MaxAttempts": 60}


def create_role() -> str:
    """The role the models run under; SageMaker asks for one, so there is one."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    answer = boto3.client("iam").create_role(
        RoleName="argosy-demo", AssumeRolePolicyDocument=json.dumps(trust)
    )
    return str(answer["Role"]["Arn"])


def upload(archives: dict[str, Path]) -> dict[str, str]:
    """Put the archives into a new bucket; variant → S3 URI."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for variant, archive in archives.items():
        s3.upload_file(str(archive), BUCKET, f"{variant}/model.tar.gz")
    return {variant: f"s3://{BUCKET}/{variant}/model.tar.gz" for variant in archives}


def create_models(uris: dict[str, str], role: str) -> None:
    sagemaker = boto3.client("sagemaker")
    for variant, uri in uris.items():
        sagemaker.create_model(
            ModelName=f"digits-{variant}",
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": uri,
                "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
            },
            ExecutionRoleArn=role,
        )


def create_endpoint() -> None:
    """Two variants: seven calls in ten go to `stable`, which has two instances."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=CONFIG,
        ProductionVariants=[
            {
                "VariantName": STABLE,
                "ModelName": f"digits-{STABLE}",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 2,
                "InitialVariantWeight": 0.7,
            },
            {
                "VariantName": CANARY,
                "ModelName": f"digits-{CANARY}",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 0.3,
            },
        ],
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=CONFIG)
    wait_in_service()


def wait_in_service() -> None:
    """Raises WaiterError when the endpoint fails, or is not there after a minute."""
    waiter = boto3.client("sagemaker").get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=ENDPOINT, WaiterConfig=QUICKLY)


def runtime(connections: int = 1) -> Any:
    """A client that never tries again by itself, so that each failed call is seen."""
    config = Config(
        retries={"total_max_attempts": 1},
        max_pool_connections=connections,
        read_timeout=70,
    )
    return boto3.client("sagemaker-runtime", config=config)


def give_canary(percent: int) -> None:
    """Send this share of the calls to the canary; takes effect without a restart."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[
            {"VariantName": STABLE, "DesiredWeight": 1 - percent / 100},
            {"VariantName": CANARY, "DesiredWeight": percent / 100},
        ],
    )
    wait_in_service()


def delete_everything() -> None:
    """Take back all that was made, and make sure that the endpoint is gone."""
    sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=ENDPOINT, WaiterConfig=QUICKLY)
    sagemaker.delete_endpoint_config(EndpointConfigName=CONFIG)
    for variant in (STABLE, CANARY):
        sagemaker.delete_model(ModelName=f"digits-{variant}")
        s3.delete_object(Bucket=BUCKET, Key=f"{variant}/model.tar.gz")
    s3.delete_bucket(Bucket=BUCKET)
    boto3.client("iam").delete_role(RoleName="argosy-demo")


def what_is_left() -> list[str]:
    """Names of whatever `delete_everything` has left behind."""
    sagemaker = boto3.client("sagemaker")
    left = [item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]]
    left += [item["ModelName"] for item in sagemaker.list_models()["Models"]]
    left += [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
    try:
        sagemaker.describe_endpoint_config(EndpointConfigName=CONFIG)
    except ClientError:
        return left
    return [*left, CONFIG]
