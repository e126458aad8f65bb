"""The quick path says yes exactly where the careful path does, or says nothing."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.access import quick, sigv4
from argosy.access.canonical import Asked
from argosy.access.sigv4 import SigningKeys

NOW = 1_790_000_000.0
SECRET = "s3cret"
BODY = b'{"instances": [[1, 2]]}'


def signed(path: str = "/endpoints/iris/invocations", **headers: str) -> dict[str, str]:
    given_headers = {"host": "h:1", "content-type": "application/json", **headers}
    added = sigv4.sign(
        Asked("POST", path, "", given_headers), hashlib.sha256(BODY).hexdigest(),
        key_id="AKIA", secret=SECRET, region="us-east-1", service="sagemaker", now=NOW,
    )  # fmt: skip
    return {**given_headers, **added, "user-agent": "test"}


def plan_of(headers: dict[str, str], path: str = "/endpoints/iris/invocations") -> quick.Plan:
    claim = sigv4.claim_of(Asked("POST", path, "", headers))
    assert claim is not None
    plan = quick.make_plan(claim, list(headers), "POST", path, SECRET, SigningKeys())
    assert plan is not None
    return plan


def holds(plan: quick.Plan, headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> bool:
    values = [value.encode("latin-1") for value in headers.values()]
    signature = headers["authorization"].encode("latin-1")[-64:]
    return plan.holds(values, signature, hashlib.sha256(body), now)


@settings(max_examples=50, deadline=None)
@given(st.text("ab%.~ /-", max_size=8))
def test_a_true_signature_is_recognised_whatever_the_path(name: str) -> None:
    path = f"/endpoints/{name}/invocations"
    headers = signed(path)
    assert holds(plan_of(headers, path), headers)


def test_one_plan_serves_the_next_request_of_the_same_client() -> None:
    plan = plan_of(signed(**{"x-amzn-sagemaker-custom-attributes": "a"}))
    assert holds(plan, signed(**{"x-amzn-sagemaker-custom-attributes": "b"}))


def test_a_changed_body_header_or_time_is_not_recognised() -> None:
    headers = signed()
    plan = plan_of(headers)
    assert not holds(plan, headers, body=BODY + b" ")
    assert not holds(plan, {**headers, "content-type": "text/csv"})
    assert not holds(plan, {**headers, "x-amz-date": "20260921T145321Z"})
    assert not holds(plan, {**headers, "x-amz-date": "junk"})
    assert not holds(plan, headers, now=NOW + 901)
    assert not holds(plan, headers, now=NOW - 901)


def test_values_that_need_folding_are_left_to_the_careful_path() -> None:
    headers = signed(**{"x-other": "a  b"})
    assert not holds(plan_of(headers), headers)


def test_no_plan_is_made_for_requests_that_need_a_closer_look() -> None:
    headers = signed()
    claim = sigv4.claim_of(Asked("POST", "/", "", headers))
    assert claim is not None
    names = list(headers)
    for changed_names, target in (
        (names, "/?a=b"),
        ([*names, "host"], "/"),
        ([*names, "x-amz-content-sha256"], "/"),
        ([n for n in names if n != "x-amz-date"], "/"),
    ):
        assert quick.make_plan(claim, changed_names, "POST", target, "s", SigningKeys()) is None
