"""The requests that are sent: boto3's own, signed, and kept in a file for the generators."""

from pathlib import Path

import boto3
import pytest
from bench.peers import PEERS, chosen
from bench.processes import Unavailable
from bench.signing import signed_invocation
from bench.steady import complete
from bench.wrk import parse, read_requests, write_requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

KEY, SECRET = "AKIDEXAMPLE", "not-a-real-secret"
URL = "http://127.0.0.1:8790"


def signed(body: bytes) -> tuple[str, dict[str, str], bytes]:
    """Request line, headers (lower case) and body of a signed invocation."""
    runtime = boto3.client(
        "sagemaker-runtime",
        endpoint_url=URL,
        region_name="eu-west-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    raw = signed_invocation(
        runtime, EndpointName="iris", ContentType="text/csv", Accept="text/csv", Body=body
    )
    head, _, sent = raw.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    return line, {n.lower(): v for n, _, v in (f.partition(": ") for f in fields)}, sent


def test_a_request_is_whole_and_as_boto3_sends_it() -> None:
    line, headers, body = signed(b"1,2,3,4")

    assert line == "POST /endpoints/iris/invocations HTTP/1.1"
    assert body == b"1,2,3,4"
    assert headers["host"] == "127.0.0.1:8790"
    assert headers["content-length"] == "7"
    assert headers["user-agent"].startswith("Boto3/")


def test_the_signature_is_the_one_botocore_makes_for_that_body_and_moment(monkeypatch) -> None:
    _, headers, body = signed(b"1,2,3,4")
    scope = headers["authorization"].partition("Credential=")[2].partition(",")[0]
    again = AWSRequest("POST", f"{URL}/endpoints/iris/invocations", data=body)
    for name in ("accept", "content-type"):
        again.headers[name] = headers[name]
    signer = SigV4Auth(Credentials(KEY, SECRET), "sagemaker", "eu-west-1")
    again.context["timestamp"] = again.headers["X-Amz-Date"] = headers["x-amz-date"]

    expected = signer.signature(
        signer.string_to_sign(again, signer.canonical_request(again)), again
    )

    assert scope.startswith(f"{KEY}/{headers['x-amz-date'][:8]}/eu-west-1/sagemaker/")
    assert headers["authorization"].endswith(f"Signature={expected}")


@given(st.lists(st.binary(min_size=1), min_size=1))
def test_requests_come_back_from_the_file_as_they_were(requests: list[bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_requests(Path(folder, "requests"), requests)

        assert read_requests(Path(folder, "requests")) == requests


def test_wrk_is_read_from_its_one_line() -> None:
    output = (
        'Running 5s test\n  1 threads\nRESULT {"requests": 1000, "microseconds": 2000000, '
        '"p50_us": 400, "p99_us": 900, "bad_status": 2, "broken": 1}\n'
    )

    load = parse(output, 32)

    assert (load.per_second, load.p50_us, load.p99_us, load.failed) == (500, 400, 900, 3)
    with pytest.raises(Unavailable, match="unable to connect"):
        parse("unable to connect to 127.0.0.1", 32)


def test_an_answer_is_complete_with_its_last_byte() -> None:
    answer = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 3\r\n\r\nabc"

    assert [complete(answer[:n]) for n in (0, 20, len(answer) - 1, len(answer))] == [
        *(False, False, False, True)
    ]
    with pytest.raises(ValueError, match="Content-Length"):
        complete(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_peers_folder_names_all_its_rows() -> None:
    peers, with_nginx = chosen("mosec, nginx")

    assert [peer.home for peer in peers] == ["mosec"] * len(peers)
    assert len(peers) > 1
    assert with_nginx
    assert chosen("") == (list(PEERS), True)
    with pytest.raises(ValueError, match="no peer mosek"):
        chosen("mosek")


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_its_files_and_speaks_json(peer) -> None:
    from bench.place import PEERS as FOLDER

    assert (FOLDER / peer.home / "server.py").is_file()
    assert "scikit-learn==" in (FOLDER / peer.home / "requirements.txt").read_text()
    assert b"5.1" in peer.body([5.1, 3.5, 1.4, 0.2])
