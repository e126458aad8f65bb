"""`argosy invoke`: send one request to an endpoint and print what the model answers."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from argosy.cli import options
from argosy.cli.session import plainly, session


@click.command(
    epilog=options.example(
        "argosy invoke iris --data '[[5.1, 3.5, 1.4, 0.2]]'\n"
        "argosy invoke iris --file rows.csv --content-type text/csv\n"
        "cat rows.json | argosy invoke iris"
    )
)
@click.argument("name")
@click.option("-d", "--data", help="The body itself.")
@click.option(
    "-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its file."
)
@click.option("--content-type", help="Told by the file's name when left out; else JSON.")
@click.option("--accept", help="Content type wanted for the answer.")
@click.option("--target-variant", help="Ask this variant, whatever the weights.")
@options.data_dir
@options.as_json
def invoke(
    name: str,
    data: str | None,
    file: Path | None,
    content_type: str | None,
    accept: str | None,
    target_variant: str | None,
    data_dir: str,
    as_json: bool,
) -> None:
    """Send a request to the endpoint NAME; the body comes from --data, --file or standard input."""
    optional = {"Accept": accept, "TargetVariant": target_variant}
    with plainly():
        answer = (
            session(data_dir)
            .client("sagemaker-runtime")
            .invoke_endpoint(
                EndpointName=name,
                ContentType=content_type or _content_type(file),
                Body=_body(data, file),
                **{key: value for key, value in optional.items() if value},
            )
        )
        body = answer["Body"].read()
    _show(answer, body, as_json)


def _body(data: str | None, file: Path | None) -> bytes:
    if data is not None and file is not None:
        raise click.UsageError("Give --data or --file, not both.")
    if data is not None:
        return data.encode()
    return file.read_bytes() if file else sys.stdin.buffer.read()


def _content_type(file: Path | None) -> str:
    kinds = {".csv": "text/csv", ".npy": "application/x-npy"}
    return kinds.get(file.suffix if file else "", "application/json")


def _show(answer: dict[str, Any], body: bytes, as_json: bool) -> None:
    if as_json:
        value = {
            "variant": answer.get("InvokedProductionVariant"),
            "content_type": answer.get("ContentType"),
            "body": body.decode("utf-8", "replace"),
        }
        click.echo(json.dumps(value))
        return
    sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    sys.stdout.buffer.flush()
