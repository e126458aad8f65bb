"""Long polling on a whole platform: receivers sleep, are woken, and go away without a trace."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from argosy.testing import Platform


@pytest.fixture
def sqs(platform: Platform) -> Any:
    return platform.client("sqs", max_pool_connections=40)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(30) as pool:
        yield pool


def receive(sqs: Any, url: str, wait: int, **more: Any) -> list[str]:
    found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, **more)
    return [message["Body"] for message in found.get("Messages", [])]


def asking(platform: Platform, url: str) -> socket.socket:
    """A connection on which a client waits twenty seconds for a message."""
    body = f'{{"QueueUrl": "{url}", "WaitTimeSeconds": 20}}'
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.ReceiveMessage",
    }
    request = AWSRequest("POST", platform.url + "/", headers, body)
    key = platform.credentials
    signer = Credentials(key.access_key_id, key.secret_access_key)
    SigV4Auth(signer, "sqs", platform.region).add_auth(request)
    host, port = platform.url.removeprefix("http://").split(":")
    lines = [f"{name}: {value}\r\n" for name, value in request.headers.items()]
    head = f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
    made = socket.create_connection((host, int(port)))
    made.sendall((head + "".join(lines) + "\r\n" + body).encode())
    return made


def answer_on(connection: socket.socket) -> bytes:
    """The answer that comes on a connection, which is closed then."""
    connection.settimeout(60)
    with connection, connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n"))
        length = int(head.lower().split(b"content-length: ")[1].split()[0])
        return head + stream.read(length)


def test_every_waiting_receiver_gets_one_of_the_messages(
    sqs: Any, threads: ThreadPoolExecutor
) -> None:
    url = sqs.create_queue(QueueName="waiting-many")["QueueUrl"]
    receivers = [threads.submit(receive, sqs, url, 20) for _ in range(20)]

    for number in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))

    received = [body for one in receivers for body in one.result(60)]
    assert sorted(received, key=int) == [str(number) for number in range(20)]


def test_a_message_that_becomes_visible_by_itself_wakes_a_receiver(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="waiting-delayed")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)

    assert receive(sqs, url, 20, VisibilityTimeout=1) == ["later"]
    assert receive(sqs, url, 20) == ["later"]


def test_what_frees_a_group_wakes_its_receiver(sqs: Any, threads: ThreadPoolExecutor) -> None:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="waiting.fifo", Attributes=fifo)["QueueUrl"]
    for body in ("1", "2"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    receiver = threads.submit(receive, sqs, url, 20)

    began = time.monotonic()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])

    assert receiver.result(60) == ["2"]
    assert time.monotonic() - began < 15


def test_clients_that_went_away_take_no_message_with_them(platform: Platform, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="waiting-gone")["QueueUrl"]
    gone = [asking(platform, url) for _ in range(5)]
    stays = asking(platform, url)
    receive(sqs, url, 1)  # by now the others are known to wait
    for connection in gone:
        connection.close()
    receive(sqs, url, 2)  # and by now they are known to be gone

    sqs.send_message(QueueUrl=url, MessageBody="for the one who stayed")

    assert b"for the one who stayed" in answer_on(stays)


def test_a_control_that_is_told_to_end_lets_its_receivers_go() -> None:
    with Platform() as own:
        sqs = own.client("sqs")
        url = sqs.create_queue(QueueName="closing")["QueueUrl"]
        connection = asking(own, url)
        receive(sqs, url, 1)

        os.kill(own.pids()["control"], signal.SIGTERM)

        assert b"200 OK" in answer_on(connection)


def test_a_deleted_queue_ends_the_wait_with_its_error(
    sqs: Any, threads: ThreadPoolExecutor
) -> None:
    url = sqs.create_queue(QueueName="waiting-deleted")["QueueUrl"]
    receiver = threads.submit(receive, sqs, url, 20)
    receive(sqs, url, 1)

    sqs.delete_queue(QueueUrl=url)

    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        receiver.result(15)
