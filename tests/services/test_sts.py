"""STS over the wire, with boto3."""

from pathlib import Path

from tests.support.api_client import ApiServer


def test_the_caller_learns_account_arn_and_id(tmp_path: Path) -> None:
    with ApiServer(tmp_path, account="123456789012") as server:
        identity = server.client("sts").get_caller_identity()

    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"
    assert identity["UserId"] == "123456789012"
    assert identity["ResponseMetadata"]["RequestId"]
