"""A full disk: writes are refused with an error, nothing is corrupted, and room heals it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from argosy.testing import Platform
from tests.support.endpoints import (
    IMAGE,
    ROWS,
    classifier,
    deploy,
    load,
    model_archive,
    predict,
    until,
)

MODEL = classifier()


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 200 MB in memory."""
    folder = Path(f"/tmp/argosy-full-{tmp_path_factory.getbasetemp().name}")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m,mode=700", "argosy-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size >= 512:
            try:
                if file.write(b"x" * size) < size:
                    size //= 2
            except OSError:
                size //= 2
    return ballast


def test_on_a_full_disk_writes_fail_models_answer_and_nothing_is_lost(small_disk: Path) -> None:
    with Platform(data_dir=small_disk) as platform:
        deploy(platform, "kept", model_archive(MODEL))
        sagemaker = platform.client("sagemaker", retries={"max_attempts": 0})
        s3 = platform.client("s3", retries={"max_attempts": 0})

        ballast = fill(small_disk)
        with load(platform, "kept", MODEL, clients=2) as calls:
            with pytest.raises((ClientError, BotoCoreError)):
                s3.put_object(Bucket="models", Key="big", Body=b"x" * (8 << 20))
            accepted = create_until_refused(sagemaker)
            calls.more(50)
        ballast.unlink()

        until(lambda: create(platform, "after"), 30)
        listed = {
            model["ModelName"]
            for page in sagemaker.get_paginator("list_models").paginate()
            for model in page["Models"]
        }
        assert calls.failures == []
        assert {*accepted, "after", "kept"} <= listed

    with Platform(data_dir=small_disk) as again:
        answers = until(lambda: answered(again))
    assert answers == MODEL.predict(ROWS).tolist()


def model_named(name: str) -> dict:
    filler = {f"K{number}": "v" * 1000 for number in range(25)}
    return {"ModelName": name, "PrimaryContainer": {"Image": IMAGE, "Environment": filler}}


def create_until_refused(sagemaker: Any) -> list[str]:
    """Create models until one is refused; the names of the others."""
    accepted: list[str] = []
    for number in range(1000):
        try:
            sagemaker.create_model(**model_named(f"m-{number}"))
        except ClientError:
            return accepted
        accepted.append(f"m-{number}")
    raise AssertionError("the disk never filled")


def create(platform: Platform, name: str) -> bool:
    try:
        platform.client("sagemaker").create_model(**model_named(name))
    except ClientError:
        return False
    return True


def answered(platform: Platform) -> list | None:
    try:
        return predict(platform.client("sagemaker-runtime"), "kept", ROWS)
    except ClientError:
        return None
