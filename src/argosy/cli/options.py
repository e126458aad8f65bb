"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from argosy.ground.settings import Settings, variable

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

data_dir: Decorator = click.option(
    "--data-dir",
    default=Settings.data_dir,
    envvar=variable("data_dir"),
    show_default=True,
    metavar="DIR",
    help="Folder of the platform.",
)

as_json: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs instead."
)


def example(text: str) -> str:
    """A command's epilog: examples, kept line by line."""
    lines = "\n".join("  " + line for line in text.strip().splitlines())
    return f"\b\nExample:\n{lines}"
