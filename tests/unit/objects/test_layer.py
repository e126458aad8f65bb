"""Layers laid over one another, kind ones and hostile ones."""

import contextlib
import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.objects import layer
from argosy.objects.errors import BadArchive
from argosy.objects.inside import Inside

DEVICE, PIPE, HARD, SOFT = tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE
Entry = tuple[str, bytes | str, bytes]
"""(name, content or link target, kind)."""


def file(name: str, content: bytes = b"") -> Entry:
    return name, content, tarfile.REGTYPE


def folder(name: str) -> Entry:
    return name, b"", tarfile.DIRTYPE


def soft(name: str, target: str) -> Entry:
    return name, target, SOFT


def packed(path: Path, *entries: Entry, mode: int = 0o755) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content, kind in entries:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, mode
            if isinstance(content, str):
                member.linkname = content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Inside:
    (tmp_path / "root").mkdir()
    return Inside(tmp_path / "root")


def lay(root: Inside, *entries: Entry, most: int = 1 << 20, entries_allowed: int = 100) -> None:
    archive = packed(root.top.parent / "layer", *entries)
    layer.apply(archive, root, layer.Allowance(most, entries_allowed))


def listed(root: Inside) -> list[str]:
    found = (str(path.relative_to(root.top)) for path in root.top.rglob("*"))
    return sorted(found)


def test_an_upper_layer_replaces_and_removes_what_is_below(root: Inside) -> None:
    lay(root, file("a/one", b"1"), file("a/two", b"2"), file("b/three"), file("c/d/four"))

    lay(root, file("a/one", b"new"), file("a/.wh.two"), file(".wh.b"), file("c", b"a file now"))

    assert listed(root) == ["a", "a/one", "c"]
    assert (root.top / "a/one").read_bytes() == b"new"
    assert (root.top / "c").read_bytes() == b"a file now"


@pytest.mark.parametrize("first", [True, False])
def test_an_opaque_folder_hides_the_layers_below_but_not_its_own(root: Inside, first: bool) -> None:
    lay(root, file("a/old"), file("a/sub/old"))
    entries = [file("a/.wh..wh..opq"), file("a/sub/new")]

    lay(root, *(entries if first else reversed(entries)))

    assert listed(root) == ["a", "a/sub", "a/sub/new"]


def test_links_are_followed_as_the_image_would(root: Inside) -> None:
    (root.top.parent / "usr").mkdir()
    lay(
        root,
        folder("usr/lib"),
        soft("lib", "usr/lib"),
        soft("abs", "/usr"),
        soft("up", "../../usr"),
    )

    lay(root, file("lib/one"), file("abs/two"), file("up/three"), (("hard"), "lib/one", HARD))

    names = listed(root)
    assert {"usr/lib/one", "usr/two", "usr/three", "hard"} <= set(names)
    assert (root.top / "hard").stat().st_nlink == 2
    assert list((root.top.parent / "usr").iterdir()) == []


def test_what_leads_out_of_the_image_is_never_written(root: Inside) -> None:
    outside = root.top.parent / "outside"
    outside.mkdir()
    lay(root, soft("door", str(outside)), soft("file", str(outside / "kept")))

    lay(root, file("door/x", b"x"), file("file", b"y"), file("/absolute", b"z"))

    assert list(outside.iterdir()) == []
    assert (root.top / "file").read_bytes() == b"y"
    assert not (root.top / "file").is_symlink()
    assert (root.top / "absolute").read_bytes() == b"z"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (file("../x"), "leaves the image's root"),
        (file("a/../../x"), "leaves the image's root"),
        (file(".wh..."), ""),
        (file("x" * 300), "no file system"),
        (("d", b"", DEVICE), "device or a pipe"),
        (("p", b"", PIPE), "device or a pipe"),
        (("h", "not/there", HARD), "a file that is not there"),
        (("h", "../../../etc/passwd", HARD), "leaves the image's root"),
        (soft("s", ""), "link to nothing"),
        (file("loop/x"), "links without an end"),
        (file("plain/x"), "below something that is no folder"),
        (file("big", b"x" * 2000), "max_image_gb"),
    ],
)
def test_hostile_entries_are_refused(root: Inside, entry: Entry, words: str) -> None:
    before = [soft("loop", "loop"), file("plain")]
    lay(root, *before)
    if not words:
        lay(root, entry)
        assert listed(root) == ["loop", "plain"]
        return

    with pytest.raises(BadArchive, match=words):
        lay(root, entry, most=1000)


def test_devices_below_dev_are_left_out(root: Inside) -> None:
    lay(root, ("dev/null", b"", DEVICE), file("etc/x"))

    assert listed(root) == ["dev", "etc", "etc/x"]


def test_too_many_entries_are_refused(root: Inside) -> None:
    with pytest.raises(BadArchive, match="too many files"):
        lay(root, *(file(str(number)) for number in range(11)), entries_allowed=10)


def test_no_program_keeps_privileges_and_every_folder_stays_ours(root: Inside) -> None:
    archive = packed(root.top.parent / "layer", file("su", b"x"), folder("shut"), mode=0o4000)

    layer.apply(archive, root, layer.Allowance(1000))

    assert (root.top / "su").stat().st_mode & 0o7777 == 0o400
    assert (root.top / "shut").stat().st_mode & 0o7777 == 0o700


def test_a_damaged_layer_is_told_as_one(root: Inside) -> None:
    archive = packed(root.top.parent / "layer", file("a", os.urandom(1 << 16)))
    archive.write_bytes(archive.read_bytes()[:1000])

    with pytest.raises(BadArchive, match="damaged"):
        layer.apply(archive, root, layer.Allowance(1 << 20))


@given(st.binary(max_size=2000))
def test_noise_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    place = tmp_path_factory.mktemp("noise")
    (place / "root").mkdir()
    (place / "layer").write_bytes(gzip.compress(noise))
    with contextlib.suppress(BadArchive):
        layer.apply(place / "layer", Inside(place / "root"), layer.Allowance(1 << 20))
    assert {path.name for path in place.iterdir()} == {"root", "layer"}
