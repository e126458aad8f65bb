"""Names, ids and ARNs, formed the way AWS forms them."""

import secrets

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"

ZONE_LETTERS = "abc"

TRAINING_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
TRANSFORM_LOG_GROUP = "/aws/sagemaker/TransformJobs"
PROCESSING_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
NOTEBOOK_LOG_GROUP = "/aws/sagemaker/NotebookInstances"
EC2_LOG_GROUP = "/argosy/ec2"


def sagemaker_arn(region: str, account: str, kind: str, name: str) -> str:
    """ARN of a SageMaker resource; the name part is lower-cased, as in real ARNs.

    `kind` is the ARN's type: "model", "endpoint-config", "endpoint", …
    """
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{name.lower()}"


def iam_arn(account: str, path_and_name: str) -> str:
    """ARN of an IAM thing: `root`, `role/NAME`, `user/NAME`."""
    return f"arn:aws:iam::{account}:{path_and_name}"


def log_group_arn(region: str, account: str, group: str) -> str:
    return f"arn:aws:logs:{region}:{account}:log-group:{group}"


def repository_arn(region: str, account: str, name: str) -> str:
    """ARN of a repository of images."""
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def function_arn(region: str, account: str, name: str, qualifier: str = "") -> str:
    """ARN of a function of Lambda, or of its version or alias."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def endpoint_log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def component_log_group(component: str) -> str:
    return f"/aws/sagemaker/InferenceComponents/{component}"


def new_instance_id() -> str:
    return "i-" + secrets.token_hex(6)


def new_deployment_id() -> str:
    return "d-" + secrets.token_hex(6)


def new_request_id() -> str:
    """A random UUID-shaped id; `secrets` is not needed for something that is printed."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def zones_of(region: str) -> list[str]:
    """The availability zones of a region: labels on one machine, places on a cluster."""
    return [region + letter for letter in ZONE_LETTERS]
