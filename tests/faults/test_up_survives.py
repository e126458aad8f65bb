"""Processes of the platform die; `argosy up` brings them back, and takes all along when it ends."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.processes import ProcessId
from argosy.testing import Platform
from tests.support.command import argosy
from tests.support.endpoints import until

MAKE_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem "
    "-subj /CN=argosy -addext subjectAltName=IP:127.0.0.1"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Platform]:
    """A platform whose processes may be killed."""
    with Platform(edges=2) as platform:
        yield platform


def alive(pids: dict[str, Any]) -> list[ProcessId]:
    parts = [pids["supervisor"], pids["store"], pids["control"], *pids["edges"]]
    return [ProcessId.of(pid) for pid in parts]


@pytest.mark.parametrize("name", ["store", "control"])
def test_a_killed_process_is_started_again_and_answers(running: Platform, name: str) -> None:
    victim = running.pids()[name]

    os.kill(victim, signal.SIGKILL)
    until(lambda: running.pids()[name] not in (0, victim))

    s3, sagemaker = running.client("s3"), running.client("sagemaker")
    assert s3.list_buckets()["Buckets"] == []
    assert sagemaker.list_endpoints()["Endpoints"] == []


def test_connections_made_while_edges_restart_wait_instead_of_being_refused(
    running: Platform,
) -> None:
    sagemaker = running.client("sagemaker", retries={"max_attempts": 0})

    for victim in running.pids()["edges"]:
        os.kill(victim, signal.SIGKILL)

    assert sagemaker.list_endpoints()["Endpoints"] == []


def test_a_process_that_is_killed_again_and_again_comes_back(running: Platform) -> None:
    for _ in range(4):
        victim = running.pids()["control"]
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: running.pids()["control"] not in (0, victim))

    assert running.client("sagemaker").list_models()["Models"] == []


def test_nothing_but_instances_outlives_a_killed_supervisor_and_the_next_one_starts() -> None:
    with Platform() as first:
        parts = alive(first.pids())
        first.client("s3").create_bucket(Bucket="kept")
        key = first.credentials
        os.kill(first.pids()["supervisor"], signal.SIGKILL)
        first.wait_ended()

        with Platform(data_dir=first.data_dir) as second:
            names = [bucket["Name"] for bucket in second.client("s3").list_buckets()["Buckets"]]
            assert second.credentials == key

    assert [part for part in parts if part.alive] == []
    assert names == ["kept"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with Platform(data_dir=tmp_path) as platform:
        pids = platform.pids()
        parts = alive(pids)
        os.kill(pids["supervisor"], number)
        platform.wait_ended()

    assert [part for part in parts if part.alive] == []
    assert not (tmp_path / "argosy.json").exists()


def test_a_second_signal_hurries(tmp_path: Path) -> None:
    with Platform(data_dir=tmp_path) as platform:
        pids = platform.pids()
        os.kill(pids["store"], signal.SIGSTOP)  # it will not end by being asked
        os.kill(pids["supervisor"], signal.SIGINT)
        until(lambda: not ProcessId.of(pids["control"]).alive)
        os.kill(pids["supervisor"], signal.SIGINT)
        platform.wait_ended()

    assert not ProcessId.of(pids["store"]).alive


def test_down_stops_a_platform_and_says_so_and_then_that_nothing_runs() -> None:
    with Platform() as platform:
        parts = alive(platform.pids())

        first = argosy(platform.environment(), "down")
        second = argosy(platform.environment(), "down")

        assert (first.code, first.out) == (0, "Stopped.\n")
        assert [part for part in parts if part.alive] == []
        assert (second.code, second.out) == (0, f"Nothing runs in {platform.data_dir}.\n")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_clients_reach_a_platform_by_tls(tmp_path: Path) -> None:
    subprocess.run(
        shlex.split(MAKE_CERTIFICATE),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    certificate = str(tmp_path / "cert.pem")

    with Platform(tls_cert=certificate, tls_key=str(tmp_path / "key.pem")) as platform:
        exports = argosy(platform.environment(), "env").out
        s3 = platform.client("s3")
        s3.create_bucket(Bucket="sealed")
        s3.put_object(Bucket="sealed", Key="k", Body=b"x" * 100_000)
        body = s3.get_object(Bucket="sealed", Key="k")["Body"].read()

    assert platform_scheme(exports) == "https"
    assert f"export AWS_CA_BUNDLE={certificate}" in exports
    assert body == b"x" * 100_000


def platform_scheme(exports: str) -> str:
    line = next(one for one in exports.splitlines() if "AWS_ENDPOINT_URL" in one)
    return line.partition("=")[2].partition(":")[0]
