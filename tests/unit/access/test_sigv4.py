"""Signature Version 4, held against botocore's own signer."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.access import sigv4
from argosy.access.canonical import EMPTY_SHA256, UNSIGNED_PAYLOAD, Asked
from argosy.access.dialects import Dialect
from argosy.access.errors import AuthError, Failure
from argosy.access.sigv4 import SigningKeys

NOW = 1_790_000_000.0
KEY_ID, SECRET = "AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

segments = st.lists(st.text(max_size=6).filter(lambda s: "/" not in s), max_size=4)
queries = st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=4)
headers = st.dictionaries(
    st.sampled_from(["X-Amz-Meta-A", "X-Amz-Target", "Content-Type", "X-Other", "Range"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)


def signed_by_botocore(
    signer: type, service: str, method: str, url: str, given_headers: dict[str, str], body: bytes
) -> Asked:
    """The request as botocore would send it, signed at NOW."""
    request = AWSRequest(method, url, headers=given_headers, data=body)
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    request.context["payload_signing_enabled"] = True
    with patch.object(auth, "get_current_datetime", lambda: moment):
        signer(Credentials(KEY_ID, SECRET), service, "eu-west-1").add_auth(request)
    parts = urlsplit(request.url)
    found = {name.lower(): value for name, value in request.headers.items()}
    return Asked(method, parts.path or "/", parts.query, {"host": parts.netloc, **found})


def url_of(path: list[str], query: dict[str, str]) -> str:
    pairs = "&".join(f"{quote(k, safe='-._~')}={quote(v, safe='-._~')}" for k, v in query.items())
    path_text = "/".join(quote(part, safe="-._~") for part in path)
    return f"http://127.0.0.1:8790/{path_text}" + (f"?{pairs}" if pairs else "")


def checked(asked: Asked, payload_hash: str, now: float = NOW, secret: str | None = SECRET) -> None:
    claim = sigv4.claim_of(asked)
    assert claim is not None
    sigv4.check(claim, asked, payload_hash, secret, now, SigningKeys())


def sha256(body: bytes) -> str:
    return sigv4.hashlib.sha256(body).hexdigest()


@settings(max_examples=200, deadline=None)
@given(segments, queries, headers, st.binary(max_size=40))
def test_whatever_botocore_signs_for_a_json_service_is_accepted(
    path: list[str], query: dict[str, str], given_headers: dict[str, str], body: bytes
) -> None:
    url = url_of(path, query)
    asked = signed_by_botocore(auth.SigV4Auth, "sagemaker", "POST", url, given_headers, body)
    checked(asked, sha256(body))


@settings(max_examples=200, deadline=None)
@given(segments, queries, headers, st.binary(max_size=40))
def test_whatever_botocore_signs_for_s3_is_accepted(
    path: list[str], query: dict[str, str], given_headers: dict[str, str], body: bytes
) -> None:
    url = url_of(path, query)
    asked = signed_by_botocore(auth.S3SigV4Auth, "s3", "PUT", url, given_headers, body)
    checked(asked, asked.headers["x-amz-content-sha256"])


@settings(max_examples=100, deadline=None)
@given(segments, queries)
def test_presigned_urls_of_botocore_are_accepted(path: list[str], query: dict[str, str]) -> None:
    url = url_of(path, query)
    asked = signed_by_botocore(auth.S3SigV4QueryAuth, "s3", "GET", url, {}, b"")
    checked(asked, UNSIGNED_PAYLOAD)
    asked = signed_by_botocore(auth.SigV4QueryAuth, "sts", "GET", url, {}, b"")
    checked(asked, EMPTY_SHA256)


@settings(max_examples=100, deadline=None)
@given(segments, queries, headers, st.binary(max_size=40))
def test_our_signatures_are_those_of_botocore(
    path: list[str], query: dict[str, str], given_headers: dict[str, str], body: bytes
) -> None:
    url = url_of(path, query)
    theirs = signed_by_botocore(auth.SigV4Auth, "logs", "POST", url, given_headers, body)
    mine = {n.lower(): v for n, v in given_headers.items()} | {"host": theirs.headers["host"]}
    ours = sigv4.sign(
        replace(theirs, headers=mine), sha256(body),
        key_id=KEY_ID, secret=SECRET, region="eu-west-1", service="logs", now=NOW,
    )  # fmt: skip
    assert ours["authorization"] == theirs.headers["authorization"]


def signed(**changes: str) -> Asked:
    """A correctly signed request for us, then changed."""
    asked = Asked("POST", "/", "", {"host": "h", "content-type": "application/json"})
    added = sigv4.sign(
        asked, EMPTY_SHA256,
        key_id=KEY_ID, secret=SECRET, region="us-east-1", service="sagemaker", now=NOW,
    )  # fmt: skip
    return Asked("POST", "/", "", {**asked.headers, **added, **changes})


def authorization(edit: Callable[[str], str]) -> Asked:
    return signed(authorization=edit(signed().headers["authorization"]))


MISUSES = {
    "another body": (signed(), "0" * 64, Failure.MISMATCH),
    "another path": (replace(signed(), path="/other"), EMPTY_SHA256, Failure.MISMATCH),
    "another method": (replace(signed(), method="GET"), EMPTY_SHA256, Failure.MISMATCH),
    "a query added": (replace(signed(), query="a=b"), EMPTY_SHA256, Failure.MISMATCH),
    "a signed header changed": (signed(host="evil"), EMPTY_SHA256, Failure.MISMATCH),
    "an amz header added": (signed(**{"x-amz-extra": "1"}), EMPTY_SHA256, Failure.MISMATCH),
    "host not signed": (
        authorization(lambda a: a.replace("content-type;host;", "content-type;")),
        EMPTY_SHA256,
        Failure.MISMATCH,
    ),
    "a digit of the signature changed": (
        authorization(lambda a: a[:-1] + ("0" if a[-1] != "0" else "1")),
        EMPTY_SHA256,
        Failure.MISMATCH,
    ),
    "an odd signature": (authorization(lambda a: a[:-3] + "é☃"), EMPTY_SHA256, Failure.MISMATCH),
    "a short signature": (authorization(lambda a: a[:-10]), EMPTY_SHA256, Failure.MISMATCH),
    "another region": (
        authorization(lambda a: a.replace("us-east-1", "us-west-2")),
        EMPTY_SHA256,
        Failure.MISMATCH,
    ),
    "no region": (authorization(lambda a: a.replace("us-east-1", "")), EMPTY_SHA256, Failure.SCOPE),
    "a wrong terminator": (
        authorization(lambda a: a.replace("aws4_request", "aws5_request")),
        EMPTY_SHA256,
        Failure.SCOPE,
    ),
    "another day in the scope": (
        authorization(lambda a: a.replace("/2026", "/2025")),
        EMPTY_SHA256,
        Failure.SCOPE,
    ),
    "no signature": (
        authorization(lambda a: a.partition(", Signature")[0]),
        EMPTY_SHA256,
        Failure.INCOMPLETE,
    ),
    "a short credential": (
        authorization(lambda a: a.replace("/us-east-1", "")),
        EMPTY_SHA256,
        Failure.INCOMPLETE,
    ),
    "basic authentication": (signed(authorization="Basic abc"), EMPTY_SHA256, Failure.UNSUPPORTED),
    "an empty header": (signed(authorization=""), EMPTY_SHA256, Failure.UNSUPPORTED),
    "a date that is none": (
        signed(**{"x-amz-date": "today"}),
        EMPTY_SHA256,
        Failure.INCOMPLETE,
    ),
    "header and query at once": (
        replace(signed(), query="X-Amz-Signature=1"),
        EMPTY_SHA256,
        Failure.INCOMPLETE,
    ),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_wrong_signature_is_refused_for_its_reason(misuse: str) -> None:
    asked, payload_hash, failure = MISUSES[misuse]
    with pytest.raises(AuthError) as caught:
        checked(asked, payload_hash)
    assert caught.value.failure is failure


@pytest.mark.parametrize(("offset", "word"), [(901, "expired"), (-901, "not yet current")])
def test_a_clock_off_by_more_than_a_quarter_of_an_hour_is_refused(offset: float, word: str) -> None:
    with pytest.raises(AuthError, match=word) as caught:
        checked(signed(), EMPTY_SHA256, now=NOW + offset)
    assert caught.value.failure is Failure.SKEWED


@pytest.mark.parametrize("offset", [899, -899])
def test_a_clock_off_by_less_is_accepted(offset: float) -> None:
    checked(signed(), EMPTY_SHA256, now=NOW + offset)


def test_an_unknown_key_and_a_wrong_secret_are_told_apart() -> None:
    with pytest.raises(AuthError) as unknown:
        checked(signed(), EMPTY_SHA256, secret=None)
    with pytest.raises(AuthError) as wrong:
        checked(signed(), EMPTY_SHA256, secret="other")
    assert (unknown.value.failure, wrong.value.failure) == (Failure.UNKNOWN_KEY, Failure.MISMATCH)


def test_a_presigned_url_ends_with_its_expiry() -> None:
    asked = signed_by_botocore(auth.S3SigV4QueryAuth, "s3", "GET", "http://h/b/k", {}, b"")
    checked(asked, UNSIGNED_PAYLOAD, now=NOW + 3599)
    with pytest.raises(AuthError) as caught:
        checked(asked, UNSIGNED_PAYLOAD, now=NOW + 3601)
    assert caught.value.told(Dialect.S3) == (403, "AccessDenied", "Request has expired")


@pytest.mark.parametrize("expires", ["0", "604801", "x", "-1", "9" * 40])
def test_an_impossible_expiry_is_refused(expires: str) -> None:
    asked = signed_by_botocore(auth.S3SigV4QueryAuth, "s3", "GET", "http://h/b/k", {}, b"")
    edited = asked.query.replace("X-Amz-Expires=3600", f"X-Amz-Expires={expires}")
    with pytest.raises(AuthError):
        checked(replace(asked, query=edited), UNSIGNED_PAYLOAD)


def test_a_request_without_any_signature_makes_no_claim() -> None:
    assert sigv4.claim_of(Asked("GET", "/bucket/key", "list-type=2", {"host": "h"})) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_header_or_query_makes_the_reader_stumble(header: str, query: str) -> None:
    header = header.encode("utf-8", "replace").decode("latin-1")
    query = query.encode("utf-8", "replace").decode("latin-1")
    for asked in (
        Asked("GET", "/", "", {"authorization": "AWS4-HMAC-SHA256 " + header}),
        Asked("GET", "/", "X-Amz-Signature=1&" + query),
    ):
        with pytest.raises(AuthError):
            checked(asked, EMPTY_SHA256)


def test_the_derived_keys_that_are_remembered_stay_few() -> None:
    keys = SigningKeys(limit=4)
    for day in range(100):
        keys.get(SECRET, f"2026{day:04}", "r", "s")
    assert len(keys._keys) <= 4
    assert keys.get(SECRET, "20260101", "r", "s") == sigv4.derive_key(SECRET, "20260101", "r", "s")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20260228T235959Z", 1_772_323_199),
        ("19700101T000000Z", 0),
        ("20260229T000000Z", None),
        ("20260228T236000Z", None),
        ("20260228T235959z", None),
        ("2026-02-28T23:59", None),
        ("2026W091T235959Z", None),
        ("2026０228T235959Z", None),
        ("20260228T235959", None),
        ("", None),
    ],
)
def test_times_of_signatures_have_one_form(text: str, seconds: int | None) -> None:
    assert sigv4.parse_time(text) == seconds
