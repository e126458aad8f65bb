"""The registry of images: pushed and pulled by skopeo, by hand, in pieces, and in the wrong way."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.endpoints import until
from tests.support.oci_images import INDEX, MANIFEST, Image, digest, index, layer, write_layout
from tests.support.registry import RegistryClient, codes

from argosy.access import tokens
from argosy.testing import Platform

MIB = 1 << 20
SMALL = Image((layer({"a": b"a"}),))
OTHER = Image((layer({"b": b"b"}),), architecture="arm64")

with_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
Open = Callable[..., RegistryClient]


@pytest.fixture
def repository(platform: Platform) -> Iterator[Open]:
    """Opens a client for a repository, which is made unless `create` is false."""
    opened: list[RegistryClient] = []

    def open_one(name: str, **options: Any) -> RegistryClient:
        opened.append(RegistryClient(platform, name, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def skopeo(*arguments: str) -> str:
    done = subprocess.run(
        ["skopeo", *arguments], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@with_skopeo
def test_skopeo_pushes_an_image_and_pulls_the_same_back(
    platform: Platform, repository: Open, tmp_path: Path
) -> None:
    image = Image((layer({"a": b"a"}), layer({"big": os.urandom(3 * MIB)})), {"Cmd": ["serve"]})
    layout = write_layout(tmp_path / "layout", image, "1.0")
    there = repository("reg/skopeo")
    remote = f"docker://{there.host}/reg/skopeo:1.0"

    skopeo(
        "copy", "--dest-tls-verify=false", "--dest-creds", there.login, f"oci:{layout}:1.0", remote
    )
    skopeo(
        "copy",
        "--src-tls-verify=false",
        "--src-creds",
        there.login,
        remote,
        f"oci:{tmp_path}/back:1.0",
    )

    (detail,) = platform.client("ecr").describe_images(repositoryName="reg/skopeo")["imageDetails"]
    (pulled,) = json.loads((tmp_path / "back" / "index.json").read_text())["manifests"]
    assert detail["imageDigest"] == pulled["digest"] == digest(image.manifest)
    for blob in image.blobs:
        assert (tmp_path / "back/blobs/sha256" / digest(blob)[7:]).read_bytes() == blob


def test_an_upload_that_broke_off_is_gone_on_with(repository: Open) -> None:
    there = repository("reg/resumed")
    data = os.urandom(3 * MIB)
    place = there.begin()
    host, port = there.host.split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"PATCH {place} HTTP/1.1\r\nHost: {there.host}\r\nContent-Length: {len(data)}\r\n"
        head += f"Authorization: {there.headers['Authorization']}\r\n\r\n"
        connection.sendall(head.encode() + data[: 2 * MIB])

    def received() -> int:
        return int(there.ask("GET", place).headers["range"].partition("-")[2]) + 1

    so_far = until(lambda: received() > 1 and received())
    wrong = there.ask("PATCH", place, b"x", Content_Range="0-0")
    on = f"{so_far}-{len(data) - 1}"
    patched = there.ask("PATCH", place, data[so_far:], Content_Range=on)
    put = there.ask("PUT", f"{place}?digest={digest(data)}")

    assert (wrong.status, wrong.headers["range"]) == (416, f"0-{so_far - 1}")
    assert (patched.status, put.status) == (202, 201)
    assert there.ask("GET", put.headers["location"]).data == data


def test_what_is_not_what_its_digest_says_is_refused(repository: Open) -> None:
    there = repository("reg/wrong-digest")
    claimed = digest(b"something else")

    put = there.ask("PUT", f"{there.begin()}?digest={claimed}", b"something")

    assert (put.status, codes(put)) == (400, ["DIGEST_INVALID"])
    assert there.ask("HEAD", f"blobs/{claimed}").status == 404


def test_a_layer_comes_in_pieces_from_any_byte(repository: Open) -> None:
    there = repository("reg/ranges")
    data = os.urandom(2 * MIB)
    whole = f"blobs/{digest(data)}"
    assert there.push_blob(data).status == 201

    part = there.ask("GET", whole, Range="bytes=1000000-1500000")
    rest = there.ask("GET", whole, Range="bytes=2000000-")
    beyond = there.ask("GET", whole, Range=f"bytes={len(data)}-")

    assert (part.status, part.data) == (206, data[1000000:1500001])
    assert (rest.status, rest.data) == (206, data[2000000:])
    assert beyond.status == 416


def test_a_layer_is_taken_over_from_a_neighbour_but_not_seen_before(repository: Open) -> None:
    first, second = repository("reg/first"), repository("reg/second")
    data = b"a layer of the first"
    assert first.push_blob(data).status == 201

    unseen = second.ask("GET", f"blobs/{digest(data)}")
    mounted = second.ask("POST", f"blobs/uploads/?mount={digest(data)}&from=reg/first")
    unknown = second.ask("POST", f"blobs/uploads/?mount={digest(b'none')}&from=reg/first")

    assert codes(unseen) == ["BLOB_UNKNOWN"]
    assert mounted.status == 201
    assert second.ask("GET", f"blobs/{digest(data)}").data == data
    assert (unknown.status, "location" in unknown.headers) == (202, True)


def test_an_index_is_taken_once_its_images_are_there(repository: Open) -> None:
    there = repository("reg/index")
    both = index(SMALL, OTHER)
    early = there.ask("PUT", "manifests/all", both, Content_Type=INDEX)
    parts = [there.push(SMALL), there.push(OTHER)]

    put = there.ask("PUT", "manifests/all", both, Content_Type=INDEX)
    got = there.ask("GET", "manifests/all")
    kept = there.ask("DELETE", f"manifests/{parts[0]}")

    assert (early.status, codes(early)) == (400, ["MANIFEST_BLOB_UNKNOWN"])
    assert put.headers["docker-content-digest"] == digest(both)
    assert (got.data, got.headers["content-type"]) == (both, INDEX)
    assert kept.status == 405


def test_a_manifest_needs_its_layers_and_a_sound_form(repository: Open) -> None:
    there = repository("reg/manifests")

    lacking = there.ask("PUT", "manifests/1", SMALL.manifest, Content_Type=MANIFEST)
    broken = there.ask("PUT", "manifests/1", b"{}", Content_Type=MANIFEST)
    huge = there.ask("PUT", "manifests/1", b" " * (4 * MIB + 1), Content_Type=MANIFEST)
    other = there.ask("PUT", f"manifests/{digest(b'x')}", SMALL.manifest, Content_Type=MANIFEST)

    assert (lacking.status, codes(lacking)) == (400, ["MANIFEST_BLOB_UNKNOWN"])
    assert (broken.status, codes(broken)) == (400, ["MANIFEST_INVALID"])
    assert huge.status == 413
    assert codes(other) == ["DIGEST_INVALID"]


def test_tags_come_in_pages_and_go_with_their_image(repository: Open) -> None:
    there = repository("reg/tags")
    for tag in ("1", "2", "3"):
        named = there.push(SMALL, tag)

    page = there.ask("GET", "tags/list?n=2")
    rest = there.ask("GET", page.headers["link"].partition(">")[0][1:])
    deleted = there.ask("DELETE", f"manifests/{named}")

    assert json.loads(page.data) == {"name": "reg/tags", "tags": ["1", "2"]}
    assert json.loads(rest.data)["tags"] == ["3"]
    assert deleted.status == 202
    assert json.loads(there.ask("GET", "tags/list").data)["tags"] == []
    assert codes(there.ask("GET", "manifests/1")) == ["MANIFEST_UNKNOWN"]


def test_a_repository_must_have_been_created(repository: Open) -> None:
    there = repository("reg/never-made", create=False)

    begun = there.ask("POST", "blobs/uploads/")

    assert (begun.status, codes(begun)) == (404, ["NAME_UNKNOWN"])


def test_strangers_are_asked_for_a_token_and_a_good_one_is_needed(
    platform: Platform, repository: Open
) -> None:
    there = repository("reg/strangers")
    key = platform.credentials
    late = tokens.make(
        tokens.Grant(key.access_key_id, "us-east-1", 1_000_000_000), key.secret_access_key
    )
    forged = tokens.make(tokens.Grant(key.access_key_id, "us-east-1", 9_000_000_000), "guess")

    there.headers = {}
    stranger = there.ask("GET", "/v2/")
    answers = {}
    for name, token in (("late", late), ("forged", forged)):
        there.headers = {}
        basic = tokens.basic(token)
        answers[name] = there.ask("GET", "/v2/", Authorization=basic)

    assert (stranger.status, codes(stranger)) == (401, ["UNAUTHORIZED"])
    assert stranger.headers["www-authenticate"].startswith("Basic ")
    assert answers["late"].status == answers["forged"].status == 401
    assert b"expired" in answers["late"].data


def test_large_layers_leave_memory_flat(platform: Platform, repository: Open) -> None:
    there = repository("reg/large")
    there.push_blob(os.urandom(4 * MIB))
    data = os.urandom(48 * MIB)
    pids = [platform.pids()["control"], *platform.pids()["edges"]]
    before = [peak_mib(pid) for pid in pids]

    assert there.push_blob(data).status == 201
    assert there.ask("GET", f"blobs/{digest(data)}").data == data

    grown = [peak_mib(pid) - then for pid, then in zip(pids, before, strict=True)]
    assert max(grown) < 24


def peak_mib(pid: int) -> float:
    """The most memory a process has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
