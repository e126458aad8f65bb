"""Uploads: what has come is kept, whoever goes away in between."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.oci.names import Owner
from argosy.oci.uploads import Uploads
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.oci_images import digest

OWNER = Owner("000000000000", "us-east-1")
NOW = 1_700_000_000.0


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "records.db")
    yield Records(engine)
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


def test_an_upload_goes_on_after_a_restart(records: Records, folder: Path) -> None:
    begun = Uploads(records, folder).begin(OWNER, "model", NOW)
    begun.append(b"first ")

    found = Uploads(records, folder).find(OWNER, "model", begun.id)
    assert found is not None
    found.append(b"second")

    assert (found.size, found.digest()) == (12, digest(b"first second"))


def test_an_upload_is_nobody_elses(records: Records, folder: Path) -> None:
    uploads = Uploads(records, folder)
    begun = uploads.begin(OWNER, "model", NOW)

    assert uploads.find(OWNER, "other", begun.id) is None
    assert uploads.find(Owner(OWNER.account, "eu-west-1"), "model", begun.id) is None


def test_an_ended_upload_leaves_nothing(records: Records, folder: Path) -> None:
    uploads = Uploads(records, folder)
    begun = uploads.begin(OWNER, "model", NOW)

    uploads.end(begun)

    assert uploads.find(OWNER, "model", begun.id) is None
    assert list(folder.iterdir()) == []


def test_only_uploads_that_nobody_goes_on_with_are_collected(
    records: Records, folder: Path
) -> None:
    uploads = Uploads(records, folder)
    old, new = uploads.begin(OWNER, "model", NOW), uploads.begin(OWNER, "model", NOW)
    (folder / "stray").touch()
    os.utime(old.path, (NOW, NOW))

    uploads.collect(before=NOW + 1)

    assert [path.name for path in folder.iterdir()] == [new.id]
    assert uploads.find(OWNER, "model", old.id) is None
