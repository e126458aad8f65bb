"""`argosy metrics`: what Prometheus is shown, and what it needs to be shown it."""

import click

from argosy.cli import options
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir

_CONFIG = """scrape_configs:
  - job_name: argosy
    scheme: {scheme}
    authorization:
      type: Bearer
      credentials_file: {token}
    static_configs:
      - targets: ["{target}"]
"""


@click.command(epilog=options.example("argosy metrics | grep latency\nargosy metrics --config"))
@click.option("--token", is_flag=True, help="Print the token that GET /metrics asks for.")
@click.option("--config", is_flag=True, help="Print a scrape configuration for Prometheus.")
@options.data_dir
def metrics(token: bool, config: bool, data_dir: str) -> None:
    """Print the platform's metrics as Prometheus reads them from GET /metrics."""
    if token:
        click.echo(_token(DataDir.at(data_dir)))
        return
    found = session(data_dir)
    if config:
        click.echo(_config(found, DataDir.at(data_dir)), nl=False)
        return
    with plainly():
        click.echo(found.read("/_argosy/metrics"), nl=False)


def _token(folder: DataDir) -> str:
    try:
        return folder.scrape_token.read_text().strip()
    except FileNotFoundError:
        raise ArgosyError(
            f"{folder.root} has no token yet: `argosy up` makes it. Name the platform's folder "
            "with --data-dir."
        ) from None


def _config(found: Session, folder: DataDir) -> str:
    scheme, _, target = found.url.partition("://")
    return _CONFIG.format(scheme=scheme, target=target, token=folder.scrape_token)
