"""`argosy transform`: a model over files or a prefix of S3, with a bar while it goes on."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from argosy.cli import options
from argosy.cli.packing import SKLEARN_IMAGE, archive_of
from argosy.cli.session import Session, plainly, session
from argosy.cli.transform_files import Form, download, form_of, local_files, names_below, upload
from argosy.cli.transform_progress import Bar, report_of
from argosy.ground.errors import ArgosyError
from argosy.ground.names import iam_arn

_POLL_S = 0.25
_LONGEST_NAME = 63


@dataclass(frozen=True)
class _Wish:
    """What was asked for on the command line."""

    model: str
    source: str
    target: str
    job: str
    instances: int
    instance_type: str
    image: str
    content_type: str | None
    split: str | None
    accept: str | None
    strategy: str | None
    max_payload: int | None
    concurrency: int | None
    join: bool
    input_filter: str | None
    output_filter: str | None
    env: tuple[str, ...]


@click.command(
    epilog=options.example(
        "argosy transform iris s3://bucket/in/ s3://bucket/out --instances 4\n"
        "argosy transform iris rows.csv answers/\n"
        "argosy transform model.joblib rows.parquet answers/ --accept text/csv"
    )
)
@click.argument("model")
@click.argument("source", metavar="INPUT")
@click.argument("target", metavar="OUTPUT")
@click.option("--name", help="Name of the job; made of the model's and the time if left out.")
@click.option("--instances", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--instance-type", default="ml.m5.large", show_default=True)
@click.option("--image", default=SKLEARN_IMAGE, show_default=True, help="When MODEL is a file.")
@click.option("--content-type", help="Told by the files' names when left out.")
@click.option("--split", type=click.Choice(["None", "Line", "RecordIO", "TFRecord"]))
@click.option("--accept", help="Content type wanted for the answers; that of the rows if left out.")
@click.option("--strategy", type=click.Choice(["MultiRecord", "SingleRecord"]))
@click.option("--max-payload", type=click.IntRange(0, 100), help="MB sent to the model at once.")
@click.option("--concurrency", type=click.IntRange(0), help="Requests at once to each instance.")
@click.option("--join", is_flag=True, help="Write the input beside each answer.")
@click.option("--input-filter", help="JSONPath of what the model gets of each record.")
@click.option("--output-filter", help="JSONPath of what is written of each record.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="Of the model; may be repeated.")
@options.data_dir
@options.as_json
def transform(data_dir: str, as_json: bool, name: str | None, **asked: Any) -> None:
    """Have MODEL answer everything in INPUT, and write it to OUTPUT; wait until that is done.

    MODEL is a model's name, or a file or folder as `argosy deploy` takes it. INPUT is an s3://
    prefix, or a file or folder, which is uploaded. OUTPUT is an s3:// URI, or a folder that the
    answers are downloaded to. Each object NAME gives NAME.out. Ctrl-C leaves the job running.
    """
    found = session(data_dir)
    wish = _Wish(job=name or _new_name(asked["model"]), **asked)
    with plainly():
        form = _form(found, wish)
        request = _request(found, wish, form)
        began = time.monotonic()
        found.client("sagemaker").create_transform_job(**request)
        described, last = _wait(found, wish, silent=as_json)
        files = _fetch(found, wish, request, described)
    seconds = round(time.monotonic() - began, 3)
    _conclude(wish, described, request, {**last, "seconds": seconds}, files, as_json)


def _new_name(model: str) -> str:
    """Letters, digits and hyphens of the model's name, and the time."""
    stem = re.sub(r"[^a-zA-Z0-9]+", "-", Path(model).name.partition(".")[0]).strip("-") or "job"
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{int(time.time() * 1000) % 1000:03}"
    return f"{stem[: _LONGEST_NAME - len(stamp) - 1]}-{stamp}"


def _is_s3(text: str) -> bool:
    return text.startswith("s3://")


def _form(found: Session, wish: _Wish) -> Form:
    if _is_s3(wish.source):
        names = names_below(found, wish.source)
        if not names:
            raise ArgosyError(f"There is no object below {wish.source}.")
    else:
        names = [path.name for path in local_files(Path(wish.source))]
    return form_of(names, wish.content_type, wish.split)


def _request(found: Session, wish: _Wish, form: Form) -> dict[str, Any]:
    """The members of CreateTransformJob; model and input are there when this returns."""
    optional = {
        "BatchStrategy": wish.strategy,
        "MaxPayloadInMB": wish.max_payload,
        "MaxConcurrentTransforms": wish.concurrency,
        "Environment": dict(_pair(text) for text in wish.env),
        "DataProcessing": _processing(wish),
    }
    accept = wish.accept or form.accept
    output = {"S3OutputPath": _output(found, wish), "AssembleWith": form.assemble}
    return {
        "TransformJobName": wish.job,
        "ModelName": _model(found, wish),
        "TransformInput": {
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": _input(found, wish)}
            },
            "ContentType": form.content_type,
            "SplitType": form.split,
            "CompressionType": form.compression,
        },
        "TransformOutput": {**output, **({"Accept": accept} if accept else {})},
        "TransformResources": {
            "InstanceType": wish.instance_type,
            "InstanceCount": wish.instances,
        },
        **{name: value for name, value in optional.items() if value not in (None, {})},
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgosyError(f"--env {text}: give NAME=VALUE.")
    return name, value


def _processing(wish: _Wish) -> dict[str, str]:
    wanted = {
        "InputFilter": wish.input_filter,
        "OutputFilter": wish.output_filter,
        "JoinSource": "Input" if wish.join else None,
    }
    return {name: value for name, value in wanted.items() if value}


def _model(found: Session, wish: _Wish) -> str:
    """The name of the model; one that is a file is packed, uploaded and created first."""
    path = Path(wish.model)
    if not path.exists():
        return wish.model
    with archive_of(path) as archive:
        prefix = upload(found, archive, [archive], f"{wish.job}/model")
        url = f"{prefix}{archive.name}"
    found.client("sagemaker").create_model(
        ModelName=wish.job,
        PrimaryContainer={"Image": wish.image, "ModelDataUrl": url},
        ExecutionRoleArn=iam_arn(found.account, "role/argosy-transform"),
    )
    return wish.job


def _input(found: Session, wish: _Wish) -> str:
    if _is_s3(wish.source):
        return wish.source
    source = Path(wish.source)
    return upload(found, source, local_files(source), f"{wish.job}/input")


def _output(found: Session, wish: _Wish) -> str:
    if _is_s3(wish.target):
        return wish.target
    if Path(wish.target).is_file():
        raise ArgosyError(f"{wish.target} is a file; give a folder for the answers.")
    return f"s3://{found.bucket}/{wish.job}/output"


def _wait(found: Session, wish: _Wish, *, silent: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """DescribeTransformJob at the end, and the last that was known of the progress."""
    sagemaker = found.client("sagemaker")
    with Bar(wish.job, silent=silent) as bar:
        while True:
            described: dict[str, Any] = sagemaker.describe_transform_job(TransformJobName=wish.job)
            last = report_of(found, wish.job)
            bar.show(last)
            if described["TransformJobStatus"] not in ("InProgress", "Stopping"):
                return described, last
            time.sleep(_POLL_S)


def _fetch(
    found: Session, wish: _Wish, request: dict[str, Any], described: dict[str, Any]
) -> list[str]:
    """Local files of the answers; also of a job some of whose objects failed."""
    if _is_s3(wish.target) or described["TransformJobStatus"] == "Stopped":
        return []
    uri = request["TransformOutput"]["S3OutputPath"]
    return [str(path) for path in download(found, f"{uri}/", Path(wish.target))]


def _conclude(
    wish: _Wish,
    described: dict[str, Any],
    request: dict[str, Any],
    last: dict[str, Any],
    files: list[str],
    as_json: bool,
) -> None:
    status = described["TransformJobStatus"]
    if as_json:
        kept = ("TransformJobName", "TransformJobArn", "TransformJobStatus", "FailureReason")
        told = {key: described[key] for key in kept if key in described}
        output = request["TransformOutput"]["S3OutputPath"]
        click.echo(json.dumps({**told, "output": output, "files": files, "progress": last}))
    if status != "Completed":
        reason = described.get("FailureReason", "no reason given")
        raise ArgosyError(f"Transform job {wish.job} is {status}: {reason}")
    if not as_json:
        rows, seconds = last.get("rows", 0), last["seconds"]
        click.echo(
            f"{wish.job}: {rows} rows of {last.get('objects_done', 0)} objects in {seconds:.1f} s; "
            f"the answers are in {wish.target}"
        )
