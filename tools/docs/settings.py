"""docs/settings.md: every setting, from the metadata of `argosy.ground.settings`."""

from dataclasses import Field, fields

from argosy.ground.settings import Settings, variable

INTRODUCTION = """# Settings

Each setting is a variable of the environment that `argosy up` reads; most are flags of
`argosy up` too (see [cli.md](cli.md)), and a flag goes before its variable. The supervisor hands
all of them on to edge, control and agents.

| Variable | Kind | Default | Meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(
        f"| `{variable(f.name)}` | {_kind(f.type)} | {_default(f.default)} | {_meaning(f)} |\n"
        for f in fields(Settings)
    )


def _kind(kind: object) -> str:
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    return {"str": "text", "int": "whole number", "float": "number", "bool": "0 or 1"}[name]


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "`1`" if value else "`0`"
    return f"`{value}`" if value != "" else "(empty)"


def _meaning(f: "Field[object]") -> str:
    """The sentence of the setting; a setting without one is a KeyError, so the check fails."""
    return str(f.metadata["meaning"]).replace("|", "\\|")
