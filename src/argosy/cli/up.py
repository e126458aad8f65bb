"""`argosy up`: turns flags into settings and becomes the supervisor.

The process replaces itself, so that nothing of the command line stays in memory; the pid and the
terminal stay the same.
"""

import os
import sys
from typing import Any

import click

from argosy.cli import options
from argosy.ground.settings import Settings, variable


@click.command(epilog=options.example("argosy up\nargosy up --port 9000 --data-dir /srv/argosy"))
@click.option("--host", help=f"Address to listen on.  [default: {Settings.host}]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Public port; 0 takes a free one.  [default: {Settings.port}]",
)
@options.data_dir
@click.option("--region", help=f"Region clients are told to use.  [default: {Settings.region}]")
@click.option("--account-id", metavar="DIGITS", help="Account of the root key, twelve digits.")
@click.option("--access-key-id", metavar="KEY", help="Root key to use instead of a random one.")
@click.option("--secret-access-key", metavar="SECRET", help="Its secret.")
@click.option("--edges", type=click.IntRange(min=0), help="Edge processes; 0: half the cores.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "require", "off"]),
    help="Run models under bubblewrap.  [default: auto]",
)
@click.option(
    "--scaling-period",
    type=click.FloatRange(1, 60),
    metavar="SECONDS",
    help=f"Length of one period of autoscaling's rules.  [default: {Settings.scaling_period:g}]",
)
@click.option("--tls-cert", metavar="PEM", help="Certificate chain of the public port.")
@click.option("--tls-key", metavar="PEM", help="Its private key.")
@click.option("--insecure", is_flag=True, default=None, help="Plain HTTP beyond loopback.")
@click.option("--allow-reset", is_flag=True, default=None, help="Serve POST /_argosy/reset.")
@click.option("--s3-endpoint", metavar="URL", help="Use this S3 instead of the built-in store.")
@click.option("--s3-access-key-id", metavar="KEY", help="Key for it.")
@click.option("--s3-secret-access-key", metavar="SECRET", help="Its secret.")
@click.option("--s3-region", metavar="REGION", help="Region to sign for at it.")
def up(**flags: Any) -> None:
    """Start the platform in this terminal; Ctrl-C stops it.

    Each flag can also be set by a variable: --port by ARGOSY_PORT, and so on. Settings that have
    no flag are listed in docs/settings.md.
    """
    environment = {**os.environ, **given(flags)}
    arguments = [sys.executable, "-P", "-m", "argosy.supervisor"]
    sys.stdout.flush()
    os.execve(sys.executable, arguments, environment)


def given(flags: dict[str, Any]) -> dict[str, str]:
    """The variables for the flags that were given; what was not given stays as it was."""
    return {
        variable(name): ("1" if value is True else str(value))
        for name, value in flags.items()
        if value is not None
    }
