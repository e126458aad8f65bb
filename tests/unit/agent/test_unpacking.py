"""Images of the registry, unpacked by an agent and mounted in a sandbox."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.agent import image, sandbox
from argosy.agent.folders import Folders
from argosy.agent.image_config import NOBODY, identity, machine
from argosy.agent.unpacking import unpack
from argosy.ground.instances import PulledImage
from argosy.ground.paths import DataDir
from argosy.objects.errors import BadArchive
from argosy.objects.inside import Inside
from tests.support.oci_images import Image, digest, layer
from tests.support.tiny_store import TinyStore, tiny_store

FILES = layer({"app/main": b"#!/bin/sh\n", "etc": "private", "private/hosts": b"mine"})
PLAIN = layer({"app/main": b"#!/bin/sh\n", "etc/hosts": b"mine", "var/run": "/run"})


@pytest.fixture(scope="module")
def store() -> Iterator[TinyStore]:
    with tiny_store() as running:
        yield running


def stored(store: TinyStore, image: Image) -> PulledImage:
    blobs: list[Any] = [
        {"uri": store.put(f"b/{digest(one)}", one), "digest": digest(one), "size": len(one)}
        for one in image.blobs
    ]
    return {"digest": "0" * 64, "resolved": "r", "config": blobs[0], "layers": blobs[1:]}


def built(*layers: bytes, **settings: Any) -> Image:
    return Image(layers, settings, architecture=machine())


def test_an_image_is_unpacked_once_with_what_it_says_of_itself(
    store: TinyStore, tmp_path: Path
) -> None:
    pulled = stored(
        store,
        built(PLAIN, Entrypoint=["/app/main"], Env=["A=b=c", "D"], WorkingDir="/made", User="7:8"),
    )
    folder = tmp_path / "images" / "one"

    assert unpack(store.access, "x:1", pulled, folder, 1 << 20) == ""
    store.requests.clear()
    assert unpack(store.access, "x:1", pulled, folder, 1 << 20) == ""

    settings = image.settings_of(folder)
    assert settings is not None
    assert (settings.entrypoint, settings.folder) == (["/app/main"], "/made")
    assert settings.environment == {"A": "b=c", "D": ""}
    assert (settings.uid, settings.gid) == (7, 8)
    assert (folder / "rootfs/made").is_dir()
    assert (folder / "rootfs/opt/ml").is_dir()
    assert store.requests == []
    assert sorted(path.name for path in folder.parent.iterdir()) == ["one", "one.lock"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Image((PLAIN,), architecture="s390x"), "it is for linux/s390x"),
        (built(FILES), "its /etc is not a folder of its own"),
        (built(PLAIN, User="who"), "USER names a user 'who'"),
        (built(PLAIN, WorkingDir="app"), "not an absolute path"),
        (built(PLAIN, Entrypoint=[1]), "not a list of texts"),
        (built(gzip.compress(b"nonsense" * 200)), "damaged"),
    ],
)
def test_an_image_that_cannot_be_run_leaves_nothing_but_a_sentence(
    store: TinyStore, tmp_path: Path, made: Image, words: str
) -> None:
    folder = tmp_path / "one"

    sentence = unpack(store.access, "x:1", stored(store, made), folder, 1 << 20)

    assert sentence.startswith("The image x:1 cannot be used: ")
    assert words in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["one.lock"]


def test_what_is_not_what_its_digest_says_is_not_unpacked(store: TinyStore, tmp_path: Path) -> None:
    pulled = stored(store, built(PLAIN))
    uri = pulled["layers"][0]["uri"]
    store.objects[uri.removeprefix("s3://")] = layer({"other": b"x"})[: len(PLAIN)]

    assert "push the image again" in unpack(store.access, "x", pulled, tmp_path / "one", 1 << 20)


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("", (NOBODY, NOBODY)),
        ("root", (NOBODY, NOBODY)),
        ("0:0", (NOBODY, NOBODY)),
        ("1000", (1000, 0)),
        ("1000:5", (1000, 5)),
        ("app", (12, 34)),
        ("12", (12, 34)),
        ("app:staff", (12, 56)),
    ],
)
def test_users_are_looked_up_in_the_image(tmp_path: Path, user: str, ids: tuple[int, int]) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\napp:x:12:34::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("staff:x:56:\n")

    assert identity(user, Inside(tmp_path)) == ids


def test_a_password_file_that_leads_out_of_the_image_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").symlink_to("/etc/passwd")

    with pytest.raises(BadArchive, match="not in the image"):
        identity("daemon", Inside(tmp_path))


@pytest.mark.skipif(bool(sandbox.probe()), reason=f"no sandbox: {sandbox.probe()}")
@pytest.mark.parametrize("overlay", [True, False])
def test_what_a_program_writes_stays_with_its_instance(
    store: TinyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overlay: bool
) -> None:
    data_dir = DataDir.at(tmp_path)
    folder, folders = data_dir.images / "one", Folders(data_dir, "i-1")
    assert unpack(store.access, "x", stored(store, built(PLAIN, User="7:8")), folder, 1 << 20) == ""
    folders.make()
    image.make_folders(folders, "host")
    if overlay and not sandbox.can_overlay(folders):
        pytest.skip("this machine has no overlays for users")
    monkeypatch.setattr(sandbox, "can_overlay", lambda folders: overlay)
    script = """
        id -u; cat /image/app/main; cat /image/etc/hosts
        echo > /image/opt/ml/model/x && echo > /image/tmp/x && echo ml and tmp
        echo more > /image/app/main && cat /image/app/main
        ls /image
    """

    command = sandbox.enclose_program(["sh", "-c", script], folders, host_name="h", program=folder)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    lines = done.stdout.splitlines()
    assert lines[:2] == ["7", "#!/bin/sh"]
    assert "127.0.0.1 localhost host" in lines
    assert "ml and tmp" in lines
    assert ("more" in lines) is overlay
    assert {"app", "etc", "opt", "proc", "dev", "tmp"} <= set(lines)
    assert (folder / "rootfs/app/main").read_text() == "#!/bin/sh\n"
    assert list((folder / "rootfs/opt/ml").iterdir()) == []
    assert json.loads((folder / "image.json").read_text())["uid"] == 7
