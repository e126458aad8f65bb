"""Which media types are binary to an API. Pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def is_binary(types: Iterable[str], content_type: str) -> bool:
    """types: binaryMediaTypes of an API, with `*`; content_type may have parameters."""
    plain = content_type.partition(";")[0].strip().lower()
    return any(fnmatchcase(plain, one.lower().replace("~1", "/")) for one in types)


def accepts_binary(types: Iterable[str], accept: str | None) -> bool:
    """Whether a client asks for something binary first of all."""
    return is_binary(types, (accept or "*/*").partition(",")[0])
