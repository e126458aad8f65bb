"""docs/cli.md: the help of every command, as the terminal shows it."""

from collections.abc import Iterator

import click

from argosy.cli import main

INTRODUCTION = """# Command line

`argosy COMMAND --help` shows each of these in the terminal.

"""

WIDTH = 92


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "\n".join(_section(path, command) for path, command in walk(main))


def walk(command: click.Command, path: str = "argosy") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it, the outer ones first."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from walk(inner, f"{path} {name}")


def _section(path: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH, color=False
    )
    return f"## {path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
