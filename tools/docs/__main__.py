"""`script/docs` writes the generated pages; `script/docs --check` says what is out of date."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from . import cli, links, metrics, operations, settings

ROOT = Path(__file__).resolve().parents[2]

PAGES: dict[str, Callable[[], str]] = {
    "docs/operations.md": operations.page,
    "docs/settings.md": settings.page,
    "docs/metrics.md": metrics.page,
    "docs/cli.md": cli.page,
}

NOTICE = "<!-- Written by script/docs from the code; change the code, then run it again. -->\n\n"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a page is out of date.")
def main(check: bool) -> None:
    """Write docs/operations.md, docs/settings.md, docs/metrics.md and docs/cli.md."""
    wanted = {name: NOTICE + write() for name, write in PAGES.items()}
    if not check:
        for name, text in wanted.items():
            (ROOT / name).write_text(text)
    faults = [f"{name} is out of date: run script/docs" for name in stale(wanted)]
    faults += links.broken(ROOT)
    for fault in faults:
        click.echo(fault)
    sys.exit(1 if faults else 0)


def stale(wanted: dict[str, str]) -> list[str]:
    """Names of the pages whose text in the tree is not the text wanted."""
    return [
        name
        for name, text in wanted.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text() != text
    ]


if __name__ == "__main__":
    main()
