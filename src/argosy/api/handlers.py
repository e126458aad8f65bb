"""Imports every module of `argosy.services`, so that each `@operation` is in the table."""

import importlib
import pkgutil

import argosy.services


def import_handlers() -> None:
    """A service file needs no mention anywhere: that it is there is enough."""
    for module in pkgutil.walk_packages(argosy.services.__path__, "argosy.services."):
        importlib.import_module(module.name)
