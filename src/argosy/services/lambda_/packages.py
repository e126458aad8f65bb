"""The types of packages that a function can be: what each takes, keeps and shows.

A type is chosen when the function is made and never changes; what is common to all is elsewhere.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from argosy.ground.functions import IMAGE, ZIP
from argosy.services.lambda_.image_package import ImagePackage
from argosy.services.lambda_.zip_package import ZipPackage
from argosy.services.registry import Call


class PackageType(Protocol):
    """One of them."""

    def check_new(self, call: Call) -> None:
        """Whether CreateFunction has what is needed. Raises InvalidParameterValueException."""
        ...

    def check_settings(self, asked: Mapping[str, Any]) -> None:
        """Whether settings go with it. Raises InvalidParameterValueException."""
        ...

    async def code(self, call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the config that say what is run, which is there afterwards.

        Raises what Lambda answers to code that it does not take.
        """
        ...

    def location(self, call: Call, config: Mapping[str, Any]) -> dict[str, Any]:
        """Where the code is, as GetFunction shows it."""
        ...


_TYPES: dict[str, PackageType] = {ZIP: ZipPackage(), IMAGE: ImagePackage()}


def package_type(members: Mapping[str, Any]) -> PackageType:
    """That of a request to make a function, or of a function's config."""
    return _TYPES[members.get("PackageType") or ZIP]
