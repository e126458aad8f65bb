"""Archives made by strangers: nothing gets out of the folder, every refusal names its entry."""

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.objects.archive import unpack
from argosy.objects.errors import BadArchive
from argosy.objects.pack import pack

LIMIT = 1 << 20


def entry(name: str, data: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def archive(folder: Path, *entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    path = folder / "model.tar.gz"
    with tarfile.open(path, mode) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return path


def target(folder: Path) -> Path:
    made = folder / "out"
    made.mkdir()
    return made


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_files_and_folders_come_out(tmp_path: Path, mode: str) -> None:
    folder = entry("code", b"", type=tarfile.DIRTYPE, mode=0)
    path = archive(tmp_path, entry("./model.joblib", b"M"), folder, entry("code/a.py"), mode=mode)
    unpack(path, target(tmp_path), LIMIT)
    assert (tmp_path / "out/model.joblib").read_bytes() == b"M"
    assert (tmp_path / "out/code/a.py").read_bytes() == b"x"


def test_modes_are_modest(tmp_path: Path) -> None:
    path = archive(tmp_path, entry("run", mode=0o7777), entry("data", mode=0o666))
    unpack(path, target(tmp_path), LIMIT)
    modes = [(tmp_path / "out" / name).stat().st_mode & 0o7777 for name in ("run", "data")]
    assert [mode & ~0o055 for mode in modes] == [0o700, 0o600]


@pytest.mark.parametrize(
    ("hostile", "words"),
    [
        (entry("../evil"), r"entry '../evil' leaves"),
        (entry("a/../../evil"), r"'a/../../evil' leaves"),
        (entry("/etc/passwd"), r"'/etc/passwd' has an absolute path"),
        (entry("ln", b"", type=tarfile.SYMTYPE, linkname="/etc"), "'ln' is a symbolic link"),
        (entry("ln", b"", type=tarfile.LNKTYPE, linkname="good"), "'ln' is a hard link"),
        (entry("dev", b"", type=tarfile.CHRTYPE), "'dev' is a device"),
        (entry("pipe", b"", type=tarfile.FIFOTYPE), "'pipe' is a named pipe"),
        (entry("good/below"), "is a file and a folder at once"),
        (entry("a" * 300), "has a name no file system takes"),
    ],
)
def test_a_hostile_entry_is_named_and_nothing_leaves(
    tmp_path: Path, hostile: tuple[tarfile.TarInfo, bytes], words: str
) -> None:
    path = archive(tmp_path, entry("good"), hostile)
    with pytest.raises(BadArchive, match=words):
        unpack(path, target(tmp_path), LIMIT, name="s3://b/model.tar.gz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.tar.gz", "out"]


def test_the_unpacked_size_is_bounded(tmp_path: Path) -> None:
    path = archive(tmp_path, entry("a", b"\0" * 700), entry("b", b"\0" * 700))
    with pytest.raises(BadArchive, match=r"more than 1000 bytes.*entry 'b'.*max_artifact_gb"):
        unpack(path, target(tmp_path), 1000)


def test_the_number_of_entries_is_bounded(tmp_path: Path) -> None:
    path = archive(tmp_path, *(entry(f"f{n}") for n in range(5)))
    with pytest.raises(BadArchive, match="more than 4 entries"):
        unpack(path, target(tmp_path), LIMIT, max_entries=4)


def test_an_extended_header_of_absurd_size_is_not_read_into_memory(tmp_path: Path) -> None:
    info, _ = entry("x", b"", type=tarfile.XHDTYPE)
    info.size = 1 << 40
    path = tmp_path / "bomb.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096)
    with pytest.raises(BadArchive, match="absurd"):
        unpack(path, target(tmp_path), LIMIT)


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_truncated_archive_is_said_to_be_so(tmp_path: Path, keep: float, mode: str) -> None:
    path = archive(tmp_path, entry("a", os.urandom(30_000)), mode=mode)
    path.write_bytes(path.read_bytes()[: int(30_000 * keep)])
    with pytest.raises(BadArchive, match="truncated"):
        unpack(path, target(tmp_path), LIMIT)


def test_a_damaged_archive_is_said_to_be_so(tmp_path: Path) -> None:
    path = archive(tmp_path, entry("a", os.urandom(30_000)))
    data = bytearray(path.read_bytes())
    data[15_000:15_020] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(BadArchive, match=r"damaged|truncated"):
        unpack(path, target(tmp_path), LIMIT)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip file" * 100, "not a .tar.gz"),
        (gzip.compress(b"no tar inside" * 100, mtime=0), "damaged"),
    ],
)
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(data)
    with pytest.raises(BadArchive, match=words):
        unpack(path, target(tmp_path), LIMIT)


segments = st.sampled_from(["..", ".", "", "a", "b", "~", "C:", "\\..\\", " ", "é", "..."])
names = st.lists(segments, min_size=1, max_size=6).map("/".join)
kinds = st.sampled_from(
    [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(names, kinds, names), min_size=1, max_size=5))
def test_whatever_the_names_nothing_leaves_the_folder(
    members: list[tuple[str, bytes, str]],
) -> None:
    with tempfile.TemporaryDirectory() as root:
        entries = [entry(n, b"", type=kind, linkname=link) for n, kind, link in members]
        inner = Path(root) / "outer"
        inner.mkdir()
        path = archive(inner, *entries)
        with contextlib.suppress(BadArchive):
            unpack(path, target(inner), LIMIT)
        assert os.listdir(root) == ["outer"]
        assert sorted(os.listdir(inner)) == ["model.tar.gz", "out"]
        assert not [p for p in (inner / "out").rglob("*") if p.is_symlink()]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.booleans())
def test_no_bytes_do_more_than_be_refused(data: bytes, zipped: bool) -> None:
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "x.tar.gz"
        path.write_bytes(gzip.compress(data) if zipped else data)
        with contextlib.suppress(BadArchive):
            unpack(path, target(Path(root)), LIMIT)


def test_packing_a_folder_gives_its_content_at_the_root(tmp_path: Path) -> None:
    source = tmp_path / "model"
    (source / "code").mkdir(parents=True)
    (source / "model.joblib").write_bytes(b"M")
    (source / "code/inference.py").write_text("x = 1")
    (source / "code/__pycache__").mkdir()
    (source / "code/__pycache__/x.pyc").write_bytes(b"")
    pack(source, tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", target(tmp_path), LIMIT)
    found = sorted(p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("out/**/*"))
    assert found == ["code", "code/inference.py", "model.joblib"]


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(b"M" * 10_000)
    pack(tmp_path / "m.joblib", tmp_path / "one.tar.gz")
    os.utime(tmp_path / "m.joblib", (1, 1))
    pack(tmp_path / "m.joblib", tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
