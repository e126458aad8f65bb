"""`argosy image`: folders with a `serve` or `train` program, under names that models can use."""

import json
import time
from pathlib import Path
from typing import Any

import click

from argosy.cli import options
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.paths import DataDir

_ROUTE = "/_argosy/images"


@click.group(epilog=options.example("argosy image add churn ./container\nargosy image list"))
def image() -> None:
    """Bring your own container without Docker: a folder with a program `serve`.

    The folder is what a SageMaker image has in /opt/program: serve and/or train, and what they
    need (nginx.conf, wsgi.py, predictor.py). CreateModel with the name given here runs it.
    """


@image.command(
    epilog=options.example("argosy image add churn ./container\nargosy image add churn:v2 ./new")
)
@click.argument("name")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.data_dir
@options.as_json
def add(name: str, path: Path, data_dir: str, as_json: bool) -> None:
    """Keep a copy of the folder PATH as image NAME (or NAME:TAG).

    Endpoints created or updated from now on get this copy; those that run keep theirs.
    """
    from argosy.objects.image_folder import copy, programs_of

    found = session(data_dir)
    programs_of(path)
    digest = copy(path, _here(data_dir).images)
    told = _ask(found, "POST", {"name": name, "digest": digest})
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(
            f"{told['name']} is there ({', '.join(told['programs'])}; {told['digest'][:12]})."
        )


@image.command("list", epilog=options.example("argosy image list --json"))
@options.data_dir
@options.as_json
def list_images(data_dir: str, as_json: bool) -> None:
    """List images with their programs, sizes and digests."""
    images = _ask(session(data_dir), "GET")["images"]
    if as_json:
        click.echo(json.dumps(images, indent=2))
        return
    for one in images:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["modified"]))
        programs = ",".join(one["programs"])
        size = f"{one['size'] / 1e6:.1f} MB"
        click.echo(f"{one['name']:<40} {programs:<12} {size:>10}  {when}  {one['digest'][:12]}")
    if not images:
        click.echo("none yet: argosy image add NAME PATH")


@image.command(epilog=options.example("argosy image remove churn:v2"))
@click.argument("name")
@options.data_dir
@options.as_json
def remove(name: str, data_dir: str, as_json: bool) -> None:
    """Forget image NAME. Endpoints that use it keep their copy."""
    told = _ask(session(data_dir), "DELETE", {"name": name})
    if as_json:
        click.echo(json.dumps(told))
    else:
        kept = " Endpoints use its content, which stays for them." if told["in_use"] else ""
        click.echo(f"{told['name']} is removed.{kept}")


def _here(data_dir: str) -> DataDir:
    """The data folder of a platform on this machine. Raises ArgosyError."""
    folder = DataDir.at(data_dir)
    if read_json(folder.running) is None:
        raise ArgosyError(
            f"No platform runs in {folder.root}: images are added on the platform's own machine, "
            "by its user. Name its folder with --data-dir."
        )
    return folder


def _ask(found: Session, method: str, body: dict[str, Any] | None = None) -> Any:
    with plainly():
        return found.ask(method, _ROUTE, body)
