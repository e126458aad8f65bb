"""What `argosy up` will not do, and the sentence it says instead."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from argosy.testing import Platform
from tests.support.command import Ran, argosy


@pytest.fixture
def environment() -> dict[str, str]:
    """A user's environment without a word about Argosy."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}


def up(environment: dict[str, str], folder: Path, *flags: str) -> Ran:
    return argosy(environment, "up", "--data-dir", str(folder), *flags)


def test_a_second_platform_on_a_folder_is_told_of_the_first(
    platform: Platform, environment: dict[str, str]
) -> None:
    done = up(environment, platform.data_dir, "--port", "0")

    assert done.code == 1
    assert str(platform.pids()["supervisor"]) in done.err
    assert platform.url in done.err
    assert platform.client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_port_taken_by_another_platform_is_named(
    platform: Platform, environment: dict[str, str], tmp_path: Path
) -> None:
    port = platform.url.rpartition(":")[2]

    done = up(environment, tmp_path, "--port", port)

    assert (done.code, done.err) == (
        1,
        f"Error: Port {port} of 127.0.0.1 is taken by another program; "
        "choose another with --port.\n",
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--host", "0.0.0.0"], "--insecure"),
        (["--tls-cert", "absent.pem"], "--tls-key"),
        (["--tls-cert", "absent.pem", "--tls-key", "absent.pem"], "absent.pem"),
        (["--access-key-id", "AKIAALONE"], "--secret-access-key"),
        (["--account-id", "12"], "twelve digits"),
        (["--sandbox", "maybe"], "auto"),
        (["--port", "99999"], "65535"),
    ],
)
def test_flags_that_do_not_make_sense_are_refused_in_a_sentence(
    environment: dict[str, str], tmp_path: Path, flags: list[str], said: str
) -> None:
    done = up(environment, tmp_path, *flags)

    assert done.code in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_variable_that_makes_no_sense_is_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = up(environment | {"ARGOSY_SPARES": "many"}, tmp_path)

    assert (done.code, "ARGOSY_SPARES='many'" in done.err) == (1, True)


def test_a_data_folder_that_is_a_file_is_named(environment: dict[str, str]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        done = up(environment, Path(file.name))

    assert done.code == 1
    assert file.name in done.err
    assert "Traceback" not in done.err


def test_a_process_that_cannot_start_ends_the_start_with_the_end_of_its_log(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "argosy.db").write_bytes(b"this is no database" * 100)

    done = up(environment, tmp_path, "--port", "0")

    assert done.code == 1
    assert "control keeps dying" in done.err
    assert "database" in done.err


def test_a_free_port_stays_usable_after_a_refusal(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up(environment, tmp_path, "--port", str(port))

    with Platform(port=port) as later:
        assert later.url.endswith(f":{port}")
