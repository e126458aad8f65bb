"""NPY and NPZ bodies into arrays. Pickles inside them are refused."""

from __future__ import annotations

import importlib
import io
from functools import lru_cache
from typing import Any

import numpy as np

from argosy.runtimes.answers import Body, Fault


def read(body: Body) -> Any:
    """The array of a body; raises Fault 400 or ValueError when it is damaged or holds objects."""
    if bytes(body[:6]) != b"\x93NUMPY" or len(body) < 12:
        raise Fault(400, "the body is not an NPY file; write it with numpy.save")
    wide = body[6] > 1
    start = 12 + int.from_bytes(body[8:12], "little") if wide else 10 + body[8] + 256 * body[9]
    shape, fortran, dtype = _header(bytes(body[:start]))
    if dtype.hasobject:
        raise Fault(400, "the NPY body holds Python objects; send numbers or fixed-width strings")
    array = np.frombuffer(body, dtype, offset=start)
    array = array.reshape(shape, order="F" if fortran else "C")
    if array.dtype.kind in "US":
        return array.astype("U").astype(object)
    return array


@lru_cache(maxsize=256)
def _header(header: bytes) -> tuple[tuple[int, ...], bool, Any]:
    stream = io.BytesIO(header)
    version = np.lib.format.read_magic(stream)
    try:
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        return np.lib.format.read_array_header_2_0(stream)
    except Exception as error:
        raise ValueError(f"its header is broken ({type(error).__name__})") from None


def read_archive(body: Body) -> Any:
    """A sparse matrix of scipy.sparse.save_npz, or the only array of a numpy.savez.

    Raises Fault 400.
    """
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            names = list(archive.files)
            if "format" not in names:
                return _only(archive, names)
        sparse = importlib.import_module("scipy.sparse")
        return sparse.load_npz(io.BytesIO(body))
    except Fault:
        raise
    except Exception as error:
        raise Fault(400, f"the body is not an NPZ file: {error}") from None


def _only(archive: Any, names: list[str]) -> Any:
    if len(names) != 1:
        raise Fault(400, f"the NPZ body holds {len(names)} arrays; send exactly one")
    return archive[names[0]]
