"""`argosy deploy`: from a model file to an endpoint that answers, in one line."""

import json
import time
from pathlib import Path
from typing import Any

import click

from argosy.cli import options
from argosy.cli.packing import SKLEARN_IMAGE, archive_of
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError
from argosy.ground.names import endpoint_log_group, iam_arn

_VARIANT = "AllTraffic"
_POLL_S = 0.2


@click.command(
    epilog=options.example(
        "argosy deploy model.joblib --name iris --instances 2\n"
        "argosy deploy model.tar.gz --name iris --update"
    )
)
@click.argument("model", type=click.Path(exists=True, path_type=Path), metavar="MODEL_FILE_OR_DIR")
@click.option("--name", required=True, help="Name of the endpoint, its config and its model.")
@click.option("--instances", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--instance-type", default="ml.m5.large", show_default=True)
@click.option("--image", default=SKLEARN_IMAGE, show_default=True, help="Image that serves it.")
@click.option("--update", is_flag=True, help="Replace the model of an endpoint that exists.")
@options.data_dir
@options.as_json
def deploy(
    model: Path,
    name: str,
    instances: int,
    instance_type: str,
    image: str,
    update: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """Put a model behind an endpoint and wait until it answers.

    MODEL_FILE_OR_DIR is a scikit-learn model saved with joblib, pickle or skops, a folder that
    holds one (and perhaps code/inference.py), or a model.tar.gz as SageMaker takes it.
    """
    found = session(data_dir)
    with plainly(), _progress(as_json) as say:
        version = _version(found, name, update)
        say("packing and uploading")
        url = _upload(found, model, version)
        _create(found, version, url, image, instances, instance_type)
        say("starting the endpoint")
        _roll_out(found, name, version)
        described = _wait(found, name, say)
    _conclude(found, described, version, as_json)


def _version(found: Session, name: str, update: bool) -> str:
    """The name of the new model and config: the endpoint's own, or a dated one for an update."""
    exists = any(
        one["EndpointName"] == name
        for one in found.client("sagemaker").list_endpoints(NameContains=name)["Endpoints"]
    )
    if exists and not update:
        raise ArgosyError(f"Endpoint {name} exists. Add --update to replace its model.")
    return f"{name[:46]}-{time.strftime('%Y%m%d-%H%M%S')}" if exists else name


def _upload(found: Session, model: Path, version: str) -> str:
    s3 = found.client("s3", s3={"addressing_style": "path"})
    if found.bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=found.bucket)
    key = f"{version}/model.tar.gz"
    with archive_of(model) as archive:
        s3.upload_file(str(archive), found.bucket, key)
    return f"s3://{found.bucket}/{key}"


def _create(
    found: Session, version: str, url: str, image: str, instances: int, instance_type: str
) -> None:
    sagemaker = found.client("sagemaker")
    sagemaker.create_model(
        ModelName=version,
        PrimaryContainer={"Image": image, "ModelDataUrl": url},
        ExecutionRoleArn=iam_arn(found.account, "role/argosy-deploy"),
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=version,
        ProductionVariants=[
            {
                "VariantName": _VARIANT,
                "ModelName": version,
                "InstanceType": instance_type,
                "InitialInstanceCount": instances,
            }
        ],
    )


def _roll_out(found: Session, name: str, version: str) -> None:
    sagemaker = found.client("sagemaker")
    call = sagemaker.create_endpoint if name == version else sagemaker.update_endpoint
    call(EndpointName=name, EndpointConfigName=version)


def _wait(found: Session, name: str, say: Any) -> dict[str, Any]:
    sagemaker = found.client("sagemaker")
    while True:
        described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
        if described["EndpointStatus"] not in ("Creating", "Updating"):
            return described
        counts = [
            f"{v['CurrentInstanceCount']} of {v['DesiredInstanceCount']}"
            for v in described.get("ProductionVariants", [])
        ]
        say(f"{described['EndpointStatus']}: {', '.join(counts) or 'starting'} instances answer")
        time.sleep(_POLL_S)


def _conclude(found: Session, described: dict[str, Any], version: str, as_json: bool) -> None:
    name, status = described["EndpointName"], described["EndpointStatus"]
    if as_json:
        kept = ("EndpointName", "EndpointArn", "EndpointStatus", "FailureReason")
        click.echo(json.dumps({key: described[key] for key in kept if key in described}))
    if status != "InService" or described["EndpointConfigName"] != version:
        reason = described.get("FailureReason", "no reason given")
        raise ArgosyError(f"Endpoint {name} is {status}: {reason}\n{_last_lines(found, name)}")
    if not as_json:
        click.echo(_HOW_TO.format(name=name, url=found.url, region=found.region))


def _last_lines(found: Session, name: str, count: int = 15) -> str:
    try:
        events = found.client("logs").filter_log_events(logGroupName=endpoint_log_group(name))
    except Exception:  # a hint only: its absence must not hide the reason itself
        return ""
    return "\n".join("  | " + event["message"] for event in events["events"][-count:])


class _progress:
    """`with _progress(...) as say: say("text")`: a spinner for people, silence for programs."""

    def __init__(self, silent: bool) -> None:
        from rich.console import Console

        self._status = None if silent else Console(stderr=True).status("starting")

    def __enter__(self) -> Any:
        if self._status is None:
            return lambda text: None
        self._status.start()
        return self._status.update

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()


_HOW_TO = """{name} is in service. Call it:

  argosy invoke {name} --data '[[…]]'

  # Python
  boto3.client("sagemaker-runtime").invoke_endpoint(
      EndpointName="{name}", ContentType="application/json", Body="[[…]]")

  # AWS CLI
  aws sagemaker-runtime invoke-endpoint --endpoint-name {name} \\
      --content-type application/json --cli-binary-format raw-in-base64-out \\
      --body '[[…]]' /dev/stdout

  # curl
  curl --aws-sigv4 aws:amz:{region}:sagemaker \\
      --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
      -H 'Content-Type: application/json' -d '[[…]]' \\
      {url}/endpoints/{name}/invocations

Set the variables in this shell with: eval "$(argosy env)\""""
