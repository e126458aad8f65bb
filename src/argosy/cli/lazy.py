"""A click group whose commands are imported when they are asked for, so that starting is quick."""

import importlib
import sys
from typing import Any

import click

from argosy import __version__
from argosy.ground.errors import ArgosyError


class LazyGroup(click.Group):
    """Commands named `names`; each lies in PACKAGE.NAME under the same name.

    Also the one place where an operator's error becomes a sentence and exit code 1.
    """

    def __init__(self, names: list[str], package: str, **options: Any) -> None:
        super().__init__(**options)
        self._names = names
        self._package = package
        self.params.append(_version_option())

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._names:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ArgosyError as error:
            raise click.ClickException(str(error)) from None
        except BrokenPipeError:
            sys.exit(0)


def _version_option() -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            click.echo(f"argosy {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the version and exit.",
    )
