"""Zips of strangers: what comes out, and what is refused."""

import io
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.paths import DataDir
from argosy.objects.errors import ArchiveTooLarge, BadArchive
from argosy.objects.packages import Packages
from argosy.objects.zips import unpack_zip


def zipped(*entries: tuple[Any, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        for entry, content in entries:
            file.writestr(entry, content)
    return packed.getvalue()


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def unpack(tmp_path: Path, content: bytes, limit: int = 1 << 20) -> Path:
    archive, tree = tmp_path / "a.zip", tmp_path / "tree"
    archive.write_bytes(content)
    tree.mkdir()
    unpack_zip(archive, tree, limit)
    return tree


def test_files_and_folders_come_out_with_modest_modes(tmp_path: Path) -> None:
    content = zipped(
        (entry("bootstrap", 0o100777), b"#!"), (entry("lib/a.py"), b"a"), (entry("empty/"), b"")
    )
    tree = unpack(tmp_path, content)
    assert stat.S_IMODE((tree / "bootstrap").stat().st_mode) & 0o111
    assert (tree / "lib/a.py").read_bytes() == b"a"
    assert (tree / "empty").is_dir()


@pytest.mark.parametrize(
    "bad",
    [
        zipped((entry("../evil"), b"x")),
        zipped((entry("a/../../evil"), b"x")),
        zipped((entry("/etc/evil"), b"x")),
        zipped((entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd")),
        zipped((entry("pipe", stat.S_IFIFO | 0o644), b"")),
        zipped((entry("a"), b"x"), (entry("a/b"), b"x")),
        zipped((entry("x" * 300), b"x")),
        zipped((entry("a"), b"x"), method=zipfile.ZIP_LZMA)[:20],
        b"not a zip",
        b"",
        zipped((entry("a"), b"x" * 1000))[:-30],
    ],
)
def test_what_must_not_be_unpacked_is_refused(tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(BadArchive):
        unpack(tmp_path, bad)
    assert not (tmp_path / "evil").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="twice"):
        unpack(tmp_path, zipped((entry("a"), b"1"), (entry("a"), b"2")))


def test_a_bomb_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ArchiveTooLarge):
        unpack(tmp_path, zipped((entry("zeros"), b"\0" * (2 << 20))))
    assert list((tmp_path / "tree").iterdir()) == []


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    content = bytearray(zipped((entry("zeros"), b"\0" * (2 << 20))))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 100)
    with pytest.raises(BadArchive):
        unpack(tmp_path, bytes(content))
    assert (tmp_path / "tree/zeros").stat().st_size <= 256 * 1024


def test_a_directory_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    content = bytearray(zipped((entry("a"), b"x")))
    struct.pack_into("<I", content, content.rfind(b"PK\x05\x06") + 12, 0xFFFFFFF0)
    with pytest.raises(BadArchive, match="entries"):
        unpack(tmp_path, bytes(content))


def test_the_same_zip_is_kept_once_and_removed_when_unused(tmp_path: Path) -> None:
    packages = Packages(DataDir.at(tmp_path))
    content = zipped((entry("app.py"), b"x = 1"))
    first, again = packages.keep(content, 100), packages.keep(content, 100)
    assert first == again
    assert (first.unpacked, first.size) == (5, len(content))
    code = DataDir.at(tmp_path).function_code(first.digest) / "app.py"
    assert code.read_bytes() == b"x = 1"

    assert packages.remove_unused({first.digest}, -1) == 0
    assert packages.remove_unused({}, 3600) == 0
    assert packages.remove_unused({}, -1) == 1
    assert packages.find(first.digest) is None


def test_a_bad_zip_leaves_nothing_behind(tmp_path: Path) -> None:
    packages = Packages(DataDir.at(tmp_path))
    with pytest.raises(BadArchive):
        packages.keep(b"nothing", 100)
    assert list(DataDir.at(tmp_path).functions.iterdir()) == []
