"""Content types: which one a body has and which one an answer shall have.

Pure; knows names, not how any of them is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
NPZ = "application/x-npz"
JSON_LINES = "application/jsonlines"
LIBSVM = "text/libsvm"
RECORDIO = "application/x-recordio-protobuf"
PARQUET = "application/x-parquet"

READABLE = (JSON, JSON_LINES, CSV, NPY, NPZ, LIBSVM, RECORDIO, PARQUET)
WRITABLE = (JSON, CSV, NPY, JSON_LINES, RECORDIO, PARQUET)
TEXTUAL = frozenset({JSON, CSV})

_SAME = {"text/x-libsvm": LIBSVM, "application/vnd.apache.parquet": PARQUET}


def media_type(content_type: str) -> str:
    """The type without parameters, in lower case, by its first name; JSON when there is none."""
    name = content_type.partition(";")[0].strip().lower()
    return _SAME.get(name, name) or JSON


def choose(accept: str, default: str, offered: Sequence[str] = WRITABLE) -> str | None:
    """The first type of an Accept header that is offered; None when none is.

    Without a header, or where it says `*/*`, the answer is of type `default`.
    """
    for item in accept.split(",") if accept.strip() else ["*/*"]:
        wanted = media_type(item)
        if wanted == "*/*":
            return default
        if wanted in offered:
            return wanted
        if wanted.endswith("/*"):
            family = wanted[:-1]
            match = next((one for one in offered if one.startswith(family)), None)
            if match:
                return match
    return None
