"""The object store through the public port, with real boto3: small, large, multipart, presigned."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.endpoints import ROWS, classifier, deploy, model_archive, predict
from tests.support.event_queues import EventQueue

from argosy.testing import Platform

MIB = 1 << 20


@pytest.fixture(scope="module")
def s3(platform: Platform) -> Any:
    client = platform.client("s3")
    client.create_bucket(Bucket="journey")
    return client


def resident_mib(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // MIB


class Pattern:
    """A readable stream of so many bytes that nobody holds in memory."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = os.urandom(MIB)
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = min(self._left, MIB if size < 0 else size)
        piece = self._block[:wanted]
        self._left -= len(piece)
        self.digest.update(piece)
        return piece


def test_an_object_of_a_gigabyte_goes_through_in_flat_memory(platform: Platform, s3: Any) -> None:
    edge = platform.pids()["edges"][0]
    before = resident_mib(edge)
    source = Pattern(1024 * MIB)

    s3.upload_fileobj(source, "journey", "large")
    received = hashlib.sha256()
    for piece in s3.get_object(Bucket="journey", Key="large")["Body"].iter_chunks(MIB):
        received.update(piece)
    s3.delete_object(Bucket="journey", Key="large")

    assert received.hexdigest() == source.digest.hexdigest()
    assert resident_mib(edge) - before < 64


def test_ranges_copies_lists_and_batch_deletes_work(s3: Any) -> None:
    for number in range(5):
        s3.put_object(Bucket="journey", Key=f"list/{number}", Body=b"0123456789")
    s3.copy_object(
        Bucket="journey", Key="list/copy", CopySource={"Bucket": "journey", "Key": "list/0"}
    )

    part = s3.get_object(Bucket="journey", Key="list/copy", Range="bytes=2-4")["Body"].read()
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="journey", Prefix="list/", PaginationConfig={"PageSize": 2}
    )
    keys = [one["Key"] for page in pages for one in page["Contents"]]
    s3.delete_objects(Bucket="journey", Delete={"Objects": [{"Key": key} for key in keys]})

    assert part == b"234"
    assert sorted(keys) == [*(f"list/{n}" for n in range(5)), "list/copy"]
    assert s3.list_objects_v2(Bucket="journey", Prefix="list/")["KeyCount"] == 0


def test_what_is_put_without_a_type_has_that_of_s3_and_others_keep_theirs(s3: Any) -> None:
    table = b"1.5,2.5\n" * 100_000
    s3.put_object(Bucket="journey", Key="typed/none", Body=table)
    s3.put_object(Bucket="journey", Key="typed/csv", Body=table, ContentType="text/csv")
    s3.copy_object(
        Bucket="journey", Key="typed/copy", CopySource={"Bucket": "journey", "Key": "typed/csv"}
    )
    upload = s3.create_multipart_upload(Bucket="journey", Key="typed/parts", ContentType="text/csv")
    named = {"Bucket": "journey", "Key": "typed/parts", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**named, PartNumber=1, Body=table)
    done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**named, MultipartUpload=done)

    found = {
        key: s3.get_object(Bucket="journey", Key=f"typed/{key}")
        for key in ("none", "csv", "copy", "parts")
    }

    assert {key: one["ContentType"] for key, one in found.items()} == {
        "none": "binary/octet-stream",
        "csv": "text/csv",
        "copy": "text/csv",
        "parts": "text/csv",
    }
    assert all(one["Body"].read() == table for one in found.values())


def test_the_region_of_a_bucket_is_told(s3: Any) -> None:
    answer = s3.head_bucket(Bucket="journey")

    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_of_both_signature_versions_work_without_a_key(
    platform: Platform, s3: Any, version: str
) -> None:
    signer = platform.client("s3", signature_version=version)
    key = {"Bucket": "journey", "Key": f"presigned-{version}"}
    http = urllib3.PoolManager(retries=False)

    put = http.request("PUT", signer.generate_presigned_url("put_object", key), body=b"by url")
    got = http.request("GET", signer.generate_presigned_url("get_object", key))
    url = signer.generate_presigned_url("get_object", key)
    forged = http.request("GET", url.replace("presigned-", "other-"))

    assert (put.status, got.status, got.data) == (200, 200, b"by url")
    assert forged.status == 403


def test_a_form_with_a_signed_policy_uploads(platform: Platform, s3: Any) -> None:
    post = platform.client("s3", signature_version="s3v4").generate_presigned_post(
        "journey", "by-form"
    )

    answer = urllib3.PoolManager(retries=False).request(
        "POST", post["url"], fields={**post["fields"], "file": ("name", b"from a form")}
    )

    assert answer.status == 204
    assert s3.get_object(Bucket="journey", Key="by-form")["Body"].read() == b"from a form"


def test_a_notification_configuration_is_kept_and_makes_no_bucket(
    platform: Platform, s3: Any
) -> None:
    told = EventQueue(platform, "new-data", "s3")
    wanted = {"QueueArn": told.arn, "Events": ["s3:ObjectCreated:*"]}

    s3.put_bucket_notification_configuration(
        Bucket="journey", NotificationConfiguration={"QueueConfigurations": [wanted]}
    )
    kept = s3.get_bucket_notification_configuration(Bucket="journey")

    assert kept["QueueConfigurations"][0]["QueueArn"] == told.arn
    assert s3.get_object(Bucket="journey", Key="by-form")["Body"].read() == b"from a form"


def test_a_body_that_was_changed_on_the_way_is_refused(platform: Platform, s3: Any) -> None:
    def change(request: Any, **_: Any) -> None:
        request.body = b"changed after signing!"

    tampering = platform.client("s3", retries={"max_attempts": 0})
    tampering.meta.events.register_last("before-send.s3.PutObject", change)

    with pytest.raises(ClientError):
        tampering.put_object(Bucket="journey", Key="tampered", Body=b"what was really signed")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="journey", Key="tampered")


@pytest.fixture(scope="module")
def outside(platform: Platform) -> Iterator[Platform]:
    """A second platform that keeps its objects in the first one's store, as in any other S3."""
    key = platform.credentials
    with Platform(
        s3_endpoint=platform.url,
        s3_access_key_id=key.access_key_id,
        s3_secret_access_key=key.secret_access_key,
    ) as other:
        yield other


def test_an_external_s3_serves_objects_and_artifacts(platform: Platform, outside: Platform) -> None:
    model = classifier()
    outside_s3 = outside.client("s3", s3={"addressing_style": "path"})
    outside_s3.create_bucket(Bucket="elsewhere")
    outside_s3.put_object(Bucket="elsewhere", Key="k k/ü", Body=b"x" * MIB)

    deploy(outside, "far", model_archive(model))

    there = platform.client("s3").get_object(Bucket="elsewhere", Key="k k/ü")["Body"].read()
    assert there == b"x" * MIB
    got = predict(outside.client("sagemaker-runtime"), "far", ROWS)
    assert got == model.predict(ROWS).tolist()
    assert outside.pids()["store"] == 0


def test_a_region_that_forces_version_four_signs_what_is_served(platform: Platform) -> None:
    key = platform.credentials
    frankfurt = boto3.client(
        "s3",
        region_name="eu-central-1",
        endpoint_url=platform.url,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    frankfurt.create_bucket(
        Bucket="frankfurt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )

    url = frankfurt.generate_presigned_url("list_objects_v2", {"Bucket": "frankfurt"})

    assert "X-Amz-Signature" in url
    assert urllib3.PoolManager(retries=False).request("GET", url).status == 200


def test_the_default_kms_key_is_the_stores_own_and_named_keys_are_refused(s3: Any) -> None:
    s3.put_object(Bucket="journey", Key="sealed", Body=b"secret", ServerSideEncryption="aws:kms")

    got = s3.get_object(Bucket="journey", Key="sealed")
    with pytest.raises(ClientError, match=r"KMS\.NotFoundException"):
        s3.put_object(
            Bucket="journey",
            Key="refused",
            Body=b"secret",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId="alias/mine",
        )

    assert (got["Body"].read(), got["ServerSideEncryption"]) == (b"secret", "AES256")
