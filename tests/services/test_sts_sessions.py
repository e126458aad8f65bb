"""Temporary credentials over the wire: given out by STS, taken by every part of the edge."""

import json
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from argosy.access.sessions import RootKey, Said, Session, issue
from argosy.testing import Platform

EVERYBODY_HERE = {"AWS": "000000000000"}


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(
    platform: Platform, name: str, principal: Any = EVERYBODY_HERE, **options: Any
) -> str:
    made = platform.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(principal), **options
    )
    return str(made["Role"]["Arn"])


def assumed(platform: Platform, name: str, session: str = "tester") -> dict[str, str]:
    arn = make_role(platform, name)
    answer = platform.client("sts").assume_role(RoleArn=arn, RoleSessionName=session)
    return dict(answer["Credentials"])


def client_of(platform: Platform, credentials: dict[str, str], service: str, **config: Any) -> Any:
    return boto3.session.Session().client(
        service,
        region_name=platform.region,
        endpoint_url=platform.url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(retries={"max_attempts": 0}, **config),
    )


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_a_role_that_is_assumed_says_so_of_itself(platform: Platform) -> None:
    credentials = assumed(platform, "sessions-who")

    identity = client_of(platform, credentials, "sts").get_caller_identity()

    role = platform.client("iam").get_role(RoleName="sessions-who")["Role"]
    assert identity["Arn"] == "arn:aws:sts::000000000000:assumed-role/sessions-who/tester"
    assert identity["UserId"] == f"{role['RoleId']}:tester"
    assert credentials["AccessKeyId"].startswith("ASIA")


def test_a_role_that_does_not_trust_the_caller_is_not_assumed(platform: Platform) -> None:
    arn = make_role(platform, "sessions-service-only", {"Service": "sagemaker.amazonaws.com"})
    sts = platform.client("sts")

    with pytest.raises(ClientError) as raised:
        sts.assume_role(RoleArn=arn, RoleSessionName="tester")
    assert code_of(raised) == "AccessDenied"
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=arn.replace("service-only", "nobody"), RoleSessionName="tester")


def test_objects_are_put_and_got_with_a_session(platform: Platform) -> None:
    s3 = client_of(platform, assumed(platform, "sessions-s3"), "s3")

    s3.create_bucket(Bucket="sessions-bucket")
    s3.put_object(Bucket="sessions-bucket", Key="a b/ü", Body=b"content")
    s3.copy_object(
        Bucket="sessions-bucket",
        Key="copy",
        CopySource={"Bucket": "sessions-bucket", "Key": "a b/ü"},
    )

    got = platform.client("s3").get_object(Bucket="sessions-bucket", Key="copy")
    assert got["Body"].read() == b"content"
    assert s3.list_objects_v2(Bucket="sessions-bucket", Prefix="a b")["KeyCount"] == 1


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_what_a_session_presigns_is_good(platform: Platform, version: str) -> None:
    credentials = assumed(platform, f"sessions-presign-{version}")
    s3 = client_of(platform, credentials, "s3")
    bucket = f"sessions-presigned-{version}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")

    presigning = client_of(platform, credentials, "s3", signature_version=version)
    url = presigning.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})

    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read() == b"content"
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url.replace("=ASIA", "=ASIB"), timeout=30)
    raised.value.close()
    assert raised.value.code in (400, 403)


def test_a_session_that_is_over_is_told_so(platform: Platform) -> None:
    key = platform.credentials
    said = Said(account="000000000000", arn="arn:aws:sts::0:assumed-role/r/s", user_id="u")
    root = RootKey(key.access_key_id, key.secret_access_key)
    old = as_boto(issue(root, said, now=1_000_000, seconds=900))

    for service, call, code in (
        ("sagemaker", "list_models", "ExpiredTokenException"),
        ("sts", "get_caller_identity", "ExpiredToken"),
        ("s3", "list_buckets", "ExpiredToken"),
    ):
        with pytest.raises(ClientError) as raised:
            getattr(client_of(platform, old, service), call)()
        assert code_of(raised) == code


def test_a_token_of_another_key_is_none(platform: Platform) -> None:
    credentials = assumed(platform, "sessions-mixed")
    root = platform.credentials
    mixed = {
        **credentials,
        "AccessKeyId": root.access_key_id,
        "SecretAccessKey": root.secret_access_key,
    }

    with pytest.raises(ClientError) as raised:
        client_of(platform, mixed, "sts").get_caller_identity()
    assert code_of(raised) == "InvalidClientTokenId"
    with pytest.raises(ClientError) as raised:
        client_of(platform, {**credentials, "SessionToken": ""}, "sagemaker").list_models()
    assert code_of(raised) == "UnrecognizedClientException"


def test_roles_are_assumed_in_a_chain_for_an_hour_at_most(platform: Platform) -> None:
    credentials = assumed(platform, "sessions-first")
    principal = {"AWS": "arn:aws:iam::000000000000:role/sessions-first"}
    second = make_role(platform, "sessions-second", principal, MaxSessionDuration=7200)
    sts = client_of(platform, credentials, "sts")

    assert sts.assume_role(RoleArn=second, RoleSessionName="chained")["Credentials"]
    with pytest.raises(ClientError, match="role chaining"):
        sts.assume_role(RoleArn=second, RoleSessionName="chained", DurationSeconds=7200)


def test_the_longest_session_is_that_of_the_role(platform: Platform) -> None:
    arn = make_role(platform, "sessions-long")
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        platform.client("sts").assume_role(
            RoleArn=arn, RoleSessionName="tester", DurationSeconds=3601
        )


def test_what_would_be_ignored_is_refused(platform: Platform) -> None:
    arn = make_role(platform, "sessions-policy")
    sts = platform.client("sts")
    with pytest.raises(ClientError, match="does not evaluate session policies"):
        sts.assume_role(RoleArn=arn, RoleSessionName="tester", Policy=trust("*"))


def test_the_root_key_gets_temporary_credentials_of_its_own(platform: Platform) -> None:
    sts = platform.client("sts")
    credentials = sts.get_session_token()["Credentials"]

    temporary = client_of(platform, credentials, "sts")
    assert temporary.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    account = sts.get_access_key_info(AccessKeyId=credentials["AccessKeyId"])["Account"]
    assert account == "000000000000"
    with pytest.raises(ClientError, match="not one of this platform"):
        sts.get_access_key_info(AccessKeyId="ASIAAAAAAAAAAAAAAAAA")


def as_boto(session: Session) -> dict[str, str]:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
    }
