"""Presigned V2 URLs, held against botocore's own signer."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.access import sigv2
from argosy.access.canonical import Asked
from argosy.access.errors import AuthError, Failure

NOW = 1_790_000_000.0
SECRET = "secret/+key"


def presigned(
    path: str, query: str = "", headers: dict[str, str] | None = None, monkeypatch: object = None
) -> tuple[Asked, int]:
    request = AWSRequest("GET", f"http://h{path}" + (f"?{query}" if query else ""), headers=headers)
    auth.HmacV1QueryAuth(Credentials("AKIA", SECRET), expires=600).add_auth(request)
    parts = urlsplit(request.url)
    claim = sigv2.claim_of(Asked("GET", parts.path, parts.query))
    assert claim is not None
    return Asked("GET", parts.path, parts.query, {"host": "h"}), int(claim.expires)


def check(asked: Asked, now: float, secret: str | None = SECRET) -> None:
    claim = sigv2.claim_of(asked)
    assert claim is not None
    sigv2.check(claim, asked, secret, now)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8), st.sampled_from(["", "versionId=a%2Fb", "uploads&prefix=x", "acl"]))
def test_what_botocore_presigns_is_accepted_until_it_expires(key: str, query: str) -> None:
    asked, expires = presigned("/bucket/" + quote(key, safe="~"), query)
    check(asked, expires - 1)
    with pytest.raises(AuthError) as caught:
        check(asked, expires + 1)
    assert caught.value.failure is Failure.EXPIRED


def test_another_key_path_or_secret_is_refused() -> None:
    asked, expires = presigned("/bucket/key")
    for changed, secret, failure in (
        (asked, None, Failure.UNKNOWN_KEY),
        (asked, "other", Failure.MISMATCH),
        (replace(asked, path="/bucket/other"), SECRET, Failure.MISMATCH),
        (replace(asked, query=asked.query + "&acl"), SECRET, Failure.MISMATCH),
        (replace(asked, method="PUT"), SECRET, Failure.MISMATCH),
        (replace(asked, headers={"x-amz-acl": "public-read"}), SECRET, Failure.MISMATCH),
    ):
        with pytest.raises(AuthError) as caught:
            check(changed, expires - 1, secret)
        assert caught.value.failure is failure


def test_an_expiry_that_is_no_number_is_refused() -> None:
    with pytest.raises(AuthError):
        check(Asked("GET", "/b/k", "AWSAccessKeyId=A&Signature=B&Expires=soon"), NOW)
