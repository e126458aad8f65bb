"""What FIFOs are fed with."""

import gzip

import pytest

from argosy.agent.jobs.pipes import BadGzip, gunzipped, record
from argosy.runtimes.recordio import _records


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_gzip_of_several_members_is_unpacked_however_it_comes(size: int) -> None:
    packed = gzip.compress(b"one" * 1000, mtime=0) + gzip.compress(b"") + gzip.compress(b"two")
    assert b"".join(gunzipped(iter(pieces(packed, size)), "x")) == b"one" * 1000 + b"two"


@pytest.mark.parametrize("data", [b"plain", gzip.compress(b"cut" * 99, mtime=0)[:-9]])
def test_what_is_no_gzip_or_cut_off_is_said_so(data: bytes) -> None:
    with pytest.raises(BadGzip, match="The object x"):
        list(gunzipped(iter([data]), "x"))


def test_a_record_is_read_again_by_our_own_reader() -> None:
    written = bytearray()
    for content in (b"", b"abc", b"abcd"):
        record(content, written.extend)
    assert list(_records(bytes(written))) == [b"", b"abc", b"abcd"]
