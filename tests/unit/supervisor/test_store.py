"""The real object store under the supervisor's own flags, spoken to by boto3 through its socket."""

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from argosy.ground.paths import DataDir
from argosy.supervisor.child import Child
from argosy.supervisor.credentials import ensure_credentials, new_credentials
from argosy.supervisor.namespaces import namespaces_work
from argosy.supervisor.store import Store
from tests.support.endpoints import until

needs_namespaces = pytest.mark.skipif(not namespaces_work(), reason="no user namespaces here")


class Running:
    """A started store, and how to reach it by TCP."""

    def __init__(self, isolated: bool) -> None:
        self.data_dir = DataDir.at(tempfile.mkdtemp(prefix="argosy-"))
        self.data_dir.create()
        self.key = ensure_credentials(self.data_dir)
        self.store = Store(self.data_dir, self.key, isolated=isolated)
        log = self.data_dir.process_logs / "store.log"
        self.child = Child(
            "store",
            log,
            self.data_dir.root,
            self.store.program,
            wrapped=isolated,
            settled=self.store.settled,
        )
        self.relay = Relay(self.data_dir.store_socket) if isolated else None

    def start(self) -> None:
        until(lambda: self.child.start(time.monotonic()), 15)
        until(self.child.settled, 15)

    def end(self, number: signal.Signals) -> int:
        statuses: list[int | None] = []
        self.child.send(number)

        def ended() -> bool:
            statuses.append(self.child.reap(time.monotonic()))
            return statuses[-1] is not None

        until(ended, 15)
        return statuses[-1] or 0

    def client(self, secret: str = "") -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.relay.url if self.relay else self.store.url,
            region_name="us-east-1",
            aws_access_key_id=self.key.access_key_id,
            aws_secret_access_key=secret or self.key.secret_access_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )

    def close(self) -> None:
        if self.child.running:
            self.end(signal.SIGKILL)
        if self.relay:
            self.relay.close()
        shutil.rmtree(self.data_dir.root)


class Relay:
    """A TCP port whose connections are handed to a Unix socket, byte by byte."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(self._path))
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(params=[pytest.param(True, marks=needs_namespaces), False], ids=["own-net", "tcp"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    one = Running(request.param)
    try:
        one.start()
        yield one
    finally:
        one.close()


def test_objects_survive_kill_nine_and_a_clean_stop(running: Running) -> None:
    with closing(running.client()) as s3:
        s3.create_bucket(Bucket="kept")
        for number in range(100):
            s3.put_object(Bucket="kept", Key=f"k{number}", Body=b"x" * number)
        running.end(signal.SIGKILL)
        running.start()
        after_kill = s3.list_objects_v2(Bucket="kept")["KeyCount"]
        clean = running.end(signal.SIGTERM)
        running.start()
        bodies = [
            s3.get_object(Bucket="kept", Key=f"k{number}")["Body"].read() for number in range(100)
        ]

    assert (after_kill, clean) == (100, 0)
    assert bodies == [b"x" * number for number in range(100)]


@needs_namespaces
def test_its_socket_appears_only_when_objects_can_be_read() -> None:
    one = Running(isolated=True)
    hidden = one.data_dir.run / "store.new"
    try:
        until(lambda: one.child.start(time.monotonic()), 15)
        until(hidden.exists, 15)
        assert not one.data_dir.store_socket.exists()

        until(one.child.settled, 15)
        assert one.data_dir.store_socket.is_socket()
        assert not hidden.exists()
    finally:
        one.close()


def test_a_wrong_secret_is_refused_and_a_bucket_is_not_made_by_a_put(running: Running) -> None:
    with closing(running.client(secret="wrong")) as thief, pytest.raises(ClientError) as refused:
        thief.list_buckets()
    with closing(running.client()) as s3, pytest.raises(ClientError) as absent:
        s3.put_object(Bucket="absent", Key="k", Body=b"")

    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert absent.value.response["Error"]["Code"] == "NoSuchBucket"


def test_a_new_root_key_replaces_the_old_one_at_the_next_start(running: Running) -> None:
    running.end(signal.SIGTERM)
    old, running.key = running.key, new_credentials()
    Store(running.data_dir, running.key, isolated=running.store.isolated)
    running.start()

    with closing(running.client()) as s3:
        assert s3.list_buckets()["Buckets"] == []
    running.key = old
    with closing(running.client()) as s3, pytest.raises(ClientError):
        s3.list_buckets()


def test_a_second_store_on_the_folder_waits_for_the_first(running: Running) -> None:
    assert running.store.program() is None


@needs_namespaces
def test_nothing_of_an_isolated_store_can_be_reached_by_tcp() -> None:
    one = Running(True)
    try:
        one.start()
        inner = os.readlink(f"/proc/{one.child.pid}/ns/net")

        assert inner != os.readlink("/proc/self/ns/net")
        assert one.store.url == ""
        assert (one.data_dir.store / "s3.json").stat().st_mode & 0o777 == 0o600
    finally:
        one.close()
