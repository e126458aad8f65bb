"""What the edge passes on: S3 streamed to the store, the rest to control with an identity."""

import hashlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.raw import Reader, signed, wire
from tests.support.stage import ACCOUNT, KEY_ID, SECRET, HttpServer, Stage, stage, wait_until

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage(allow_reset=True) as built:
        built.start_control()
        built.start_store()
        built.on_disk(built.table())
        built.start_edge()
        yield built


@pytest.fixture
def store(scene: Stage) -> HttpServer:
    assert scene.store is not None
    scene.store.seen.clear()
    scene.store.answer_headers.clear()
    return scene.store


@pytest.fixture
def control(scene: Stage) -> HttpServer:
    assert scene.control is not None
    scene.control.seen.clear()
    return scene.control


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def raw(scene: Stage, data: bytes, *, head_only: bool = False) -> Any:
    with scene.connect() as connection:
        reader = Reader(connection)
        connection.sendall(data)
        answer = reader.answer(head_only=head_only)
        reader.close()
        return answer


# -- S3


def test_an_object_goes_to_the_store_as_it_came(scene: Stage, store: HttpServer) -> None:
    scene.client("s3").put_object(Bucket="b", Key="a key/ü", Body=b"data", Metadata={"m": "1"})
    (seen,) = store.seen
    assert (seen["method"], seen["body"]) == ("PUT", b"data")
    assert seen["path"] == "/b/a%20key/%C3%BC"
    assert seen["headers"]["host"] == f"127.0.0.1:{scene.port}"
    assert seen["headers"]["x-amz-meta-m"] == "1"
    assert seen["headers"]["authorization"].startswith("AWS4-HMAC-SHA256")


def test_large_objects_arrive_whole(scene: Stage, store: HttpServer) -> None:
    body = os.urandom(20 * MIB)
    scene.client("s3").put_object(Bucket="b", Key="k", Body=body)
    assert hashlib.sha256(store.seen[0]["body"]).digest() == hashlib.sha256(body).digest()


def rss_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_memory_stays_flat_however_slow_the_reader(scene: Stage, store: HttpServer) -> None:
    assert scene.edge is not None
    before = rss_kb(scene.edge.pid)
    target = f"/b/k?size={200 * MIB}"
    headers = signed("GET", target, service="s3", payload_hash="UNSIGNED-PAYLOAD")
    with scene.connect() as connection:
        connection.sendall(wire("GET", target, headers))
        time.sleep(1.0)
        assert rss_kb(scene.edge.pid) - before < 40_000
        received = 0
        while received < 200 * MIB:
            received += len(connection.recv(MIB))
    assert rss_kb(scene.edge.pid) - before < 40_000


def test_memory_stays_flat_however_slow_the_store(scene: Stage, store: HttpServer) -> None:
    """The store reads nothing for a while: the client is made to wait."""
    assert scene.edge is not None
    before = rss_kb(scene.edge.pid)
    size = 100 * MIB
    headers = signed("PUT", "/b/k", service="s3", payload_hash="UNSIGNED-PAYLOAD")
    gate = threading.Event()
    store.hold = gate
    head = wire("PUT", "/b/k", headers).replace(b"content-length: 0", b"content-length: %d" % size)
    try:
        with scene.connect(timeout_s=1.0) as connection:
            connection.sendall(head)
            with pytest.raises(TimeoutError):
                connection.sendall(b"x" * size)
            assert rss_kb(scene.edge.pid) - before < 40_000
    finally:
        gate.set()
        store.hold = None


def test_memory_stays_flat_when_the_store_comes_late_and_is_slow() -> None:
    """What was sent before there was a connection fills it at once: the client goes on waiting."""
    with stage() as scene:
        scene.on_disk(scene.table())
        scene.start_edge()
        assert scene.edge is not None
        before = rss_kb(scene.edge.pid)
        size, gate = 100 * MIB, threading.Event()
        headers = signed("PUT", "/b/k", service="s3", payload_hash="UNSIGNED-PAYLOAD")
        head = wire("PUT", "/b/k", headers).replace(b"length: 0", b"length: %d" % size)

        threading.Timer(0.5, scene.start_store, [gate]).start()
        try:
            with scene.connect(timeout_s=3.0) as connection:
                connection.sendall(head)
                with pytest.raises(TimeoutError):
                    connection.sendall(b"x" * size)
                assert rss_kb(scene.edge.pid) - before < 40_000
        finally:
            gate.set()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_not_the_signed_one_never_gets_whole_to_the_store(
    scene: Stage, store: HttpServer, chunked: bool
) -> None:
    headers = signed("PUT", "/b/k", b"what was signed", service="s3")
    data = wire("PUT", "/b/k", headers, b"something else!")
    if chunked:
        data = data.replace(b"content-length: 15\r\n", b"transfer-encoding: chunked\r\n")
        data = data.replace(b"something else!", b"f\r\nsomething else!\r\n0\r\n\r\n")
    answer = raw(scene, data)
    assert answer.status == 400
    assert b"<Code>XAmzContentSHA256Mismatch</Code>" in answer.body
    good = signed("PUT", "/b/good", service="s3")
    assert raw(scene, wire("PUT", "/b/good", good)).status == 200
    assert [seen["path"] for seen in store.seen] == ["/b/good"]


def test_an_upload_that_breaks_off_never_gets_whole_to_the_store(
    scene: Stage, store: HttpServer
) -> None:
    broken = store.broken
    headers = signed("PUT", "/b/k", service="s3", payload_hash="UNSIGNED-PAYLOAD")
    with scene.connect() as connection:
        connection.sendall(wire("PUT", "/b/k", headers, b"x" * MIB)[:-10])
        time.sleep(0.1)
    wait_until(lambda: store.broken > broken)
    assert store.seen == []


@pytest.mark.parametrize("signature_version", ["s3", "s3v4"])
def test_presigned_urls_of_both_versions_are_accepted(
    scene: Stage, store: HttpServer, signature_version: str
) -> None:
    s3 = scene.client("s3", signature_version=signature_version)
    url = s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k?size=3"})
    assert get(url)[0] == 200
    status, body = get(url.replace("/b/k", "/b/other"))
    assert status == 403
    assert b"SignatureDoesNotMatch" in body
    assert len(store.seen) == 1


def test_a_presigned_put_is_accepted(scene: Stage, store: HttpServer) -> None:
    s3 = scene.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url("put_object", {"Bucket": "b", "Key": "k"})
    request = urllib.request.Request(url, method="PUT", data=b"up")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert store.seen[0]["body"] == b"up"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"secret": "wrong"}, "SignatureDoesNotMatch"),
        ({"key_id": "AKIANOBODY"}, "InvalidAccessKeyId"),
    ],
)
def test_a_wrong_signature_is_refused_in_s3s_words(
    scene: Stage, store: HttpServer, more: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        scene.client("s3", **more).put_object(Bucket="b", Key="k", Body=b"x" * MIB)
    assert caught.value.response["Error"]["Code"] == code
    assert store.seen == []


def test_a_form_upload_is_left_to_the_store(scene: Stage, store: HttpServer) -> None:
    answer = raw(
        scene,
        wire("POST", "/b", {"host": "h", "content-type": "multipart/form-data; boundary=x"}, b"f"),
    )
    assert answer.status == 200
    assert store.seen[0]["body"] == b"f"


def test_notifications_never_reach_the_store(
    scene: Stage, store: HttpServer, control: HttpServer
) -> None:
    s3 = scene.client("s3")
    s3.put_bucket_notification_configuration(Bucket="b", NotificationConfiguration={})
    for sly in ("/b?notification", "/b?x&notification=", "/b?%6eotification"):
        raw(scene, wire("PUT", sly, signed("PUT", sly, service="s3")))
    assert store.seen == []
    assert len(control.seen) == 4
    assert control.seen[0]["headers"]["x-argosy-service"] == "s3"


def test_head_bucket_tells_the_region(scene: Stage, store: HttpServer) -> None:
    answer = scene.client("s3").head_bucket(Bucket="b")
    assert answer["BucketRegion"] == "us-east-1"


def test_head_of_an_object_keeps_its_length(scene: Stage, store: HttpServer) -> None:
    s3 = scene.client("s3")
    assert s3.head_object(Bucket="b", Key="k?size=1")["ContentLength"] == 0
    headers = signed("HEAD", "/b/k?size=7", service="s3")
    answer = raw(scene, wire("HEAD", "/b/k?size=7", headers), head_only=True)
    assert answer.headers["content-length"] == "7"
    assert "x-amz-bucket-region" not in answer.headers


def test_connections_to_the_store_are_used_again(scene: Stage, store: HttpServer) -> None:
    s3 = scene.client("s3")
    for number in range(20):
        s3.put_object(Bucket="b", Key=str(number), Body=b"x")
    assert [seen["path"] for seen in store.seen] == [f"/b/{n}" for n in range(20)]


def test_a_store_that_is_away_gives_a_retryable_error_and_comes_back() -> None:
    with stage() as scene:
        scene.on_disk(scene.table())
        scene.start_edge()
        s3 = scene.client("s3", read_timeout=20)
        with pytest.raises(ClientError) as caught:
            s3.put_object(Bucket="b", Key="k", Body=b"x" * MIB)
        assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        scene.start_store()
        s3.put_object(Bucket="b", Key="k", Body=b"x" * MIB)


def test_a_store_that_is_just_restarting_is_waited_for() -> None:
    with stage() as scene:
        scene.on_disk(scene.table())
        scene.start_edge()
        threading.Timer(0.5, scene.start_store).start()
        scene.client("s3").put_object(Bucket="b", Key="k", Body=b"x" * MIB)


# -- an external S3


def test_an_external_s3_is_asked_with_its_own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as elsewhere:
        elsewhere.start_store()
        elsewhere.on_disk(elsewhere.table())
        elsewhere.start_edge()
        with stage(
            s3_endpoint=elsewhere.url,
            s3_access_key_id=KEY_ID,
            s3_secret_access_key=SECRET,
        ) as scene:
            table = scene.table()
            table["keys"] = {"AKIAOURS": {**table["keys"][KEY_ID], "secret": "ours"}}
            scene.on_disk(table)
            scene.start_edge()
            ours = {"key_id": "AKIAOURS", "secret": "ours"}
            scene.client("s3", **ours).put_object(
                Bucket="b", Key="a key", Body=b"x" * MIB, ContentType="text/x", Metadata={"m": "1"}
            )
            url = scene.client("s3", **ours).generate_presigned_url(
                "get_object", {"Bucket": "b", "Key": "k", "ResponseContentType": "text/y"}
            )
            assert get(url)[0] == 200
            assert elsewhere.store is not None
            put, read = elsewhere.store.seen
            assert len(put["body"]) == MIB
            assert put["headers"]["host"] == f"127.0.0.1:{elsewhere.port}"
            assert put["headers"]["x-amz-meta-m"] == "1"
            assert KEY_ID in put["headers"]["authorization"]
            assert read["path"] == "/b/k?response-content-type=text%2Fy"


# -- control


def test_a_call_of_the_api_reaches_control_with_an_identity(
    scene: Stage, control: HttpServer
) -> None:
    scene.client("sagemaker").describe_model(ModelName="m" * 63)
    (seen,) = control.seen
    assert seen["headers"]["x-amz-target"] == "SageMaker.DescribeModel"
    assert json.loads(seen["body"]) == {"ModelName": "m" * 63}
    identity = {n: v for n, v in seen["headers"].items() if n.startswith("x-argosy-")}
    assert identity.pop("x-argosy-request-id")
    assert identity == {
        "x-argosy-account": ACCOUNT,
        "x-argosy-region": "us-east-1",
        "x-argosy-service": "sagemaker",
        "x-argosy-arn": f"arn:aws:iam::{ACCOUNT}:root",
        "x-argosy-user-id": ACCOUNT,
    }
    assert "authorization" not in seen["headers"]


def test_an_identity_cannot_be_brought_along(scene: Stage, control: HttpServer) -> None:
    headers = signed("POST", "/", b"{}", {"x-argosy-account": "999"})
    raw(scene, wire("POST", "/", {**headers, "X-Argosy-Arn": "evil"}, b"{}"))
    assert control.seen[0]["headers"]["x-argosy-account"] == ACCOUNT
    assert "evil" not in str(control.seen[0]["headers"])


@pytest.mark.parametrize(
    ("target", "headers", "code"),
    [
        ("/", {"x-amz-target": "SageMaker.ListModels"}, b"MissingAuthenticationTokenException"),
        ("/", {"content-type": "application/x-www-form-urlencoded"}, b"<Code>MissingAuth"),
        ("/_argosy/status", {}, b"Missing Authentication Token"),
    ],
)
def test_nothing_reaches_control_unsigned(
    scene: Stage, control: HttpServer, target: str, headers: dict[str, str], code: bytes
) -> None:
    answer = raw(scene, wire("POST", target, {"host": "h", **headers}, b"Action=X"))
    assert answer.status in (400, 403)
    assert code in answer.body
    assert control.seen == []


def test_a_wrong_body_never_reaches_control(scene: Stage, control: HttpServer) -> None:
    headers = signed("POST", "/", b"{}", {"x-amz-target": "SageMaker.ListModels"})
    answer = raw(scene, wire("POST", "/", headers, b'{"a": 1}'))
    assert json.loads(answer.body)["__type"] == "InvalidSignatureException"
    assert control.seen == []


def test_the_status_is_signed_for_argosy(scene: Stage, control: HttpServer) -> None:
    headers = signed("GET", "/_argosy/status", service="argosy")
    assert raw(scene, wire("GET", "/_argosy/status", headers)).status == 200
    assert control.seen[0]["headers"]["x-argosy-service"] == "argosy"


def test_a_call_that_is_too_large_is_refused(scene: Stage, control: HttpServer) -> None:
    with pytest.raises(ClientError, match="less than or equal to 10485760"):
        scene.client("logs").put_retention_policy(logGroupName="x" * 11 * MIB, retentionInDays=1)
    assert control.seen == []


def test_control_that_is_away_gives_a_retryable_error() -> None:
    with stage() as scene:
        scene.on_disk(scene.table())
        scene.start_edge()
        with pytest.raises(ClientError) as caught:
            scene.client("sts", read_timeout=20).get_caller_identity()
        assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"


def test_reset_is_served_where_it_was_asked_for(scene: Stage, control: HttpServer) -> None:
    assert get(f"{scene.url}/_argosy/reset", "POST")[0] == 200
    assert get(f"{scene.url}/_argosy/reset", "GET")[0] == 403
    assert get(f"{scene.url}/_argosy/reset", "POST", Origin="http://evil")[0] == 403
    assert len(control.seen) == 1


def test_reset_is_refused_otherwise() -> None:
    with stage() as scene:
        control = scene.start_control()
        scene.on_disk(scene.table())
        scene.start_edge()
        assert get(f"{scene.url}/_argosy/reset", "POST")[0] == 403
        assert control.seen == []


def test_health_says_what_is_missing() -> None:
    with stage() as scene:
        scene.start_edge()
        url = f"{scene.url}/_argosy/health"
        status, body = get(url)
        assert status == 503
        assert json.loads(body)["missing"] == [
            "control does not answer",
            "store does not answer",
            "no routing table has come yet",
        ]
        scene.start_control()
        scene.start_store()
        scene.start_feed()
        scene.publish(scene.table())
        assert (
            wait_until(lambda: (answer := get(url))[0] == 200 and answer)[1] == b'{"status": "ok"}'
        )
