"""`argosy interrupt`: take the instances of a managed spot training job away, as AWS may."""

import json

import click

from argosy.cli import options
from argosy.cli.session import plainly, session

_ROUTE = "/_argosy/interruptions"


@click.command(epilog=options.example("argosy interrupt my-training-job"))
@click.argument("job")
@options.data_dir
@options.as_json
def interrupt(job: str, data_dir: str, as_json: bool) -> None:
    """Take the instances of the managed spot training job JOB away.

    Its algorithm gets SIGTERM, and SIGKILL two minutes later; then the job begins again, with what
    lies in its checkpoints. Nothing on this machine interrupts a spot job by itself.
    """
    found = session(data_dir)
    with plainly():
        told = found.ask("POST", _ROUTE, {"job": job, "region": found.region})
    click.echo(json.dumps(told) if as_json else f"{job} is interrupted.")
